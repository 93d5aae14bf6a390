// What the spatial pass reports.

export interface StageClip {
  clip: string;
  posed: number;
  frames: number;
  latency: { used: string; why: string; solved: { frames: number; error_px: number; believable: boolean } | null };
}

export interface StageReport {
  clips: StageClip[];
  registrations: Record<string, { rms: { value: number }; pairs: number; faults: string[] }>;
  plans: Record<string, { allowed: number; of: number; limit: { value: number } }>;
  files: Record<string, string>;
  faults: string[];
  problems: string[];
}
