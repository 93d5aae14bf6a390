// One way to talk to the server: JSON there and back, plain errors a person can act on.

import type { ContinuityReport, GateFault, Decision, Deliveries, Editorial, Grade, Me, Pass, ProductionFacts, Queue, ShotDetail, ShotSummary, VersionDetail } from "./types";
import type { StageReport } from "../stage/types";

export class ServerError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

let production = "";

/** Every later request speaks of this production. */
export function speakOf(id: string): void {
  production = id;
}

function withProduction(path: string): string {
  return production ? `${path}${path.includes("?") ? "&" : "?"}production=${encodeURIComponent(production)}` : path;
}

async function request<T>(path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(withProduction(path), {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: "same-origin",
    });
  } catch {
    throw new ServerError(0, "The server does not answer. Is “answerprint review” still running?");
  }
  const said: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const detail = said && typeof said === "object" && "error" in said ? String(said.error) : `The server answered ${answer.status}.`;
    if (answer.status === 401 && path !== "/api/login" && path !== "/api/me") window.dispatchEvent(new Event("signed-out"));
    throw new ServerError(answer.status, detail);
  }
  return said as T;
}

export const api = {
  me: () => request<Me>("/api/me"),
  login: (token: string) => request<Me>("/api/login", { token }),
  logout: () => request<object>("/api/logout", {}),
  production: () => request<ProductionFacts>("/api/production"),
  shots: () => request<{ shots: ShotSummary[] }>("/api/shots").then((said) => said.shots),
  shot: (id: number) => request<ShotDetail>(`/api/shots/${id}`),
  version: (id: number) => request<VersionDetail>(`/api/versions/${id}`),
  decide: (id: number, what: "approve" | "reject" | "note", note: string, frames: number[]) =>
    request<Decision>(`/api/versions/${id}/${what}`, { note, frames }),
  revertGrade: (shot: number) => request<Grade>(`/api/shots/${shot}/revert-grade`, {}),
  jobs: () => request<Queue>("/api/jobs"),
  cancel: (id: string) => request<object>(`/api/jobs/${id}/cancel`, {}),
  retry: (id: string) => request<object>(`/api/jobs/${id}/retry`, {}),
  prioritise: (id: string, priority: number) => request<object>(`/api/jobs/${id}/priority`, { priority }),
  passes: () => request<{ passes: Pass[] }>("/api/passes").then((said) => said.passes),
  dispatch: (pass: string, shots: number[], settings: Record<string, unknown>) =>
    request<{ jobs: string[] }>("/api/dispatch", { pass, shots, settings }),
  editorial: () => request<Editorial>("/api/editorial"),
  runEditorial: () => request<{ jobs: string[] }>("/api/editorial", {}),
  deliveries: () => request<Deliveries>("/api/deliveries"),
  deliver: (settings: Record<string, unknown>) => request<{ job: string }>("/api/deliveries", settings),
  stage: () => request<{ report: StageReport | null }>("/api/stage"),
  runStage: () => request<{ jobs: string[] }>("/api/stage", {}),
  continuity: () => request<{ report: ContinuityReport | null }>("/api/continuity"),
  gates: () => request<{ faults: GateFault[]; held: number }>("/api/gates"),
  override: (why: string, faults: string[]) => request<object>("/api/gates/override", { why, faults }),
  signOff: (job: string) => request<object>(`/api/jobs/${job}/sign-off`, {}),
  eventsUrl: () => withProduction("/api/events"),
  mediaUrl: withProduction,
  stillUrl: (kind: "clip" | "version", id: number, frame: number) =>
    withProduction(`/media/frame?${kind}=${id}&frame=${frame}`),
};
