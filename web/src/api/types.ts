// What the server says, as it says it (src/answerprint/server).

export type ShotStatus = "waiting" | "working" | "to review" | "approved" | "rejected";
export type VersionStatus = "working" | "to review" | "approved" | "rejected";
export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";
export type FrameClass = "A" | "B" | "C" | "R" | "D";

export interface ProductionName {
  id: string;
  name: string;
}

export interface Me {
  person: string;
  role: string;
  version: string;
  productions: ProductionName[];
}

export interface ProductionFacts extends ProductionName {
  rate: string;
  shots: Record<ShotStatus, number>;
  clips: number;
  versions: number;
}

export interface ShotSummary {
  id: number;
  name: string;
  clip: string;
  camera: string;
  scene: string;
  take: string;
  rate: string;
  timecode: string;
  start: number;
  end: number;
  cut_in: number;
  cut_out: number;
  width: number;
  height: number;
  status: ShotStatus;
  /** An earlier cut had it and the newest has not. */
  left_out: boolean;
  thumbnail: string | null;
  latest: { id: number; number: number; operation: string; status: VersionStatus; classes: Partial<Record<FrameClass, number>> } | null;
  job: { id: string; state: JobState; done: number; total: number } | null;
}

export interface MediaFile {
  url: string;
  /** The frame of the clip that the file's first frame shows. */
  first: number;
}

/** The clip as people watch it; there only while it carries the grades that hold now. */
export interface GradedCopy extends MediaFile {
  grades: ("technical" | "creative")[];
}

export interface Decision {
  id: number;
  who: string;
  decision: "approved" | "rejected" | "note";
  note: string;
  frames: number[];
  when: string;
}

export interface VersionSummary {
  id: number;
  number: number;
  operation: string;
  status: VersionStatus;
  created: string;
  figures: Record<string, unknown>;
  /** Where a version came from that was not made here. */
  origin: { name: string; by: string; digest: string; parent: number | null } | null;
  first: number;
  count: number;
  proxy: MediaFile | null;
  matte: MediaFile | null;
  support: MediaFile | null;
  /** Address of the page that certifies the work. */
  certificate: string | null;
  decisions: Decision[];
}

export interface ShotDetail extends ShotSummary {
  clip_id: number;
  clip_frames: number;
  input_space: string;
  grade: Grade | null;
  plate: MediaFile | null;
  graded: GradedCopy | null;
  versions: VersionSummary[];
}

export interface Grade {
  is_hero: boolean | null;
  hero: string | null;
  why: string | null;
  confidence: number | null;
  method: string | null;
  delta_e_before: number | null;
  delta_e_after: number | null;
  cdl: { slope: number[]; offset: number[]; power: number[]; saturation: number } | null;
  /** A person put it back: no pass takes it up again by itself. */
  held: boolean | null;
  reverted_by: string | null;
  intent: { still: string; flag: string; why?: string; delta_e_on_set?: number; delta_e_ours?: number } | null;
  /** How many grades there were before it. */
  before: number;
}

export interface FrameRecord {
  frame: number;
  class: FrameClass;
  refused: boolean;
  reason: string;
  changed_share: number | null;
  support_share: number | null;
  restored: number | null;
  pixel_digest: string;
  source_digest: string;
  output: string;
  sources: { clip: string; frame: number; digest: string }[];
  figures: Record<string, number>;
}

export interface Step {
  node: string;
  operation: string;
  version: string;
  parameters: Record<string, unknown>;
  key: string;
  models: Record<string, unknown>[];
}

export interface VersionDetail extends VersionSummary {
  shot_id: number;
  requested_by: string;
  frames: FrameRecord[];
  steps: Step[];
}

export interface Job {
  id: string;
  kind: string;
  title: string;
  shot: string | null;
  shot_id: number | null;
  state: JobState;
  priority: number;
  requested_by: string;
  done: number;
  total: number;
  speed: number | null;
  eta_seconds: number | null;
  elapsed_seconds: number | null;
  /** Seconds of picture made in a second; of jobs that are done and made frames. */
  x_realtime: number | null;
  /** Address of the page that certifies the work. */
  certificate: string | null;
  error: string;
  created: string;
  /** One letter for each piece: w waiting, r running, d done, f failed, c cancelled. */
  chunks: string;
}

export interface Queue {
  jobs: Job[];
  counts: Record<JobState, number>;
}

/** Something that does not hold over a cut, and a job that would mend it. */
export interface CutFinding {
  kind: string;
  severity: "fail" | "warn";
  figure: number;
  unit: string;
  strength: number;
  message: string;
  seen_on: string;
  proposal: { pass: string; settings: Record<string, unknown> } | null;
}

export interface CutReport {
  first: string;
  second: string;
  first_id: number;
  second_id: number;
  first_frame: number;
  second_frame: number;
  scene: string;
  findings: CutFinding[];
  compared: Record<string, { on: string; figure: number | null }>;
  not_compared: Record<string, string>;
}

export interface ContinuityReport {
  cuts: CutReport[];
  ranked: (CutFinding & { cut: string; shot: string })[];
}

/** What holds a delivery; `overridden_by` names who let it go. */
export interface GateFault {
  gate: string;
  shot: string;
  message: string;
  figure: number;
  digest: string;
  overridden_by: string;
  why: string;
}

export interface Schema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minItems?: number;
  unit?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
}

export interface Pass {
  name: string;
  title: string;
  summary: string;
  schema: Schema;
  presets: Record<string, Record<string, unknown>>;
  /** Whether it is one picture operation rather than a pass made of several. */
  single?: boolean;
}

export interface TakeRecord {
  scene: string;
  setup: string;
  take: string;
  slate: string;
  clips: string[];
  circled: boolean;
  performers: string[];
  lines: string;
  notes: string;
}

export interface CoveredLine {
  number: number;
  kind: string;
  character: string;
  text: string;
  covered: { take: string; circled: boolean; source: "recorded" | "estimated" }[];
}

export interface SceneCoverage {
  number: string;
  heading: string;
  share: number;
  takes: TakeRecord[];
  lines: CoveredLine[];
}

export interface Gap {
  gap: string;
  scene: string;
  setup: string;
  line: number | null;
  what: string;
  grave: boolean;
}

export interface Bin {
  title: string;
  files: string[];
  clips: number;
  with_sound: number;
  circled: number;
}

export interface ShotChange {
  shot: string;
  kind: "same" | "moved" | "shortened" | "extended" | "changed" | "new" | "removed" | "back";
  event: number | null;
  before: number | null;
  pull: boolean;
  approval: "" | "survives" | "lapsed";
  why: string;
  said: string;
}

export interface Editorial {
  changes: { cut: string; who: string; shots: ShotChange[] } | null;
  index: {
    bins: Bin[];
    string_out: { files: string[]; clips: number; seconds: number; stand_ins: string[] };
    coverage: string[];
    attention: string[];
  } | null;
  coverage: { scenes: SceneCoverage[]; missing: Gap[]; attention: string[] } | null;
}

export interface DeliveredShot {
  shot: string;
  name: string;
  made_by: string;
  version: string;
  approved_by: string;
  numbers: [number, number];
  layers: Record<string, unknown>;
}

export interface Package {
  receiver: string;
  title: string;
  path: string;
  files: string[];
  manifest: {
    shots: DeliveredShot[];
    missing: { event: number; reel: string; reason: string }[];
    attention: string[];
    kept: string[];
  };
}

export interface Deliveries {
  receivers: { name: string; title: string; gets: string; notes: string[] }[];
  schema: Schema;
  packages: Package[];
}
