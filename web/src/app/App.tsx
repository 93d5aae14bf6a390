// The shell: who is signed in, which production, which screen.

import { useCallback, useEffect, useState } from "react";
import { api, speakOf } from "../api/client";
import { LiveProvider, useConnected, useKnown } from "../api/live";
import type { Me } from "../api/types";
import { Icon, Mark } from "../design/icons";
import { ContinuityScreen } from "../continuity/ContinuityScreen";
import { DeliverScreen } from "../deliver/DeliverScreen";
import { EditorialScreen } from "../editorial/EditorialScreen";
import { QueueScreen } from "../queue/QueueScreen";
import { ReviewScreen } from "../player/ReviewScreen";
import { ShotsScreen } from "../shots/ShotsScreen";
import { StageScreen } from "../stage/StageScreen";
import { SignIn } from "../signin/SignIn";
import { CommandProvider, Keys, useCommands } from "./commands";
import { Palette } from "./Palette";
import { addressOf, go, usePlace, type Place } from "./router";
import { Shortcuts } from "./Shortcuts";

export function App() {
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    api.me().then(setMe, (error: Error & { status?: number }) => {
      setProblem(error.status === 401 ? "" : error.message);
      setMe(null);
    });
    const out = () => setMe(null);
    window.addEventListener("signed-out", out);
    return () => window.removeEventListener("signed-out", out);
  }, []);
  if (me === undefined) return null;
  if (me === null) return <SignIn onSignedIn={setMe} problem={problem} />;
  return (
    <CommandProvider>
      <SignedIn me={me} onSignedOut={() => setMe(null)} />
    </CommandProvider>
  );
}

const CHOSEN = "answerprint.production";

function SignedIn({ me, onSignedOut }: { me: Me; onSignedOut: () => void }) {
  const [production, choose] = useState(() => {
    const kept = localStorage.getItem(CHOSEN);
    return me.productions.find((one) => one.id === kept)?.id ?? me.productions[0]?.id ?? "";
  });
  speakOf(production);
  useEffect(() => localStorage.setItem(CHOSEN, production), [production]);
  return (
    <LiveProvider production={production} key={production}>
      <Shell
        me={me}
        production={production}
        onSignedOut={onSignedOut}
        onProduction={(id) => {
          choose(id);
          go({ screen: "shots" });
        }}
      />
    </LiveProvider>
  );
}

interface ShellProps {
  me: Me;
  production: string;
  onProduction: (id: string) => void;
  onSignedOut: () => void;
}

function Shell({ me, production, onProduction, onSignedOut }: ShellProps) {
  const place = usePlace();
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const [critical, setCritical] = useState(false);
  const close = useCallback(() => setOpen(null), []);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-critical", critical);
  }, [critical]);
  const leave = () => void api.logout().finally(onSignedOut);

  useCommands([
    { id: "palette", name: "Find a command or a shot", section: "General", keys: ["ctrl+k"], run: () => setOpen("palette") },
    { id: "shortcuts", name: "Show all shortcuts", section: "General", keys: ["?"], run: () => setOpen("shortcuts") },
    { id: "go-shots", name: "Go to shots", section: "General", keys: ["alt+1"], run: () => go({ screen: "shots" }) },
    { id: "go-queue", name: "Go to the queue", section: "General", keys: ["alt+2"], run: () => go({ screen: "queue" }) },
    { id: "go-editorial", name: "Go to the coverage map", section: "General", keys: ["alt+3"], run: () => go({ screen: "editorial" }) },
    { id: "go-deliver", name: "Go to deliveries", section: "General", keys: ["alt+4"], run: () => go({ screen: "deliver" }) },
    { id: "go-continuity", name: "Go to continuity", section: "General", keys: ["alt+5"], run: () => go({ screen: "continuity" }) },
    { id: "go-stage", name: "Go to the stage", section: "General", keys: ["alt+6"], run: () => go({ screen: "stage" }) },
    { id: "critical", name: "Colour-critical mode: all greys", section: "General", keys: ["alt+g"], run: () => setCritical((on) => !on) },
    { id: "sign-out", name: "Sign out", section: "General", keys: [], run: leave },
  ]);

  return (
    <div className="shell">
      <header className="head">
        <a className="brand" href="/" onClick={follow({ screen: "shots" })} aria-label="Answerprint, shots">
          <Mark />
          <span>Answerprint</span>
        </a>
        {me.productions.length > 1 ? (
          <select className="select production" aria-label="Production" value={production} onChange={(event) => onProduction(event.target.value)}>
            {me.productions.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        ) : (
          <span className="production">{me.productions[0]?.name}</span>
        )}
        <nav aria-label="Screens">
          <Tab to={{ screen: "shots" }} here={place.screen === "shots" || place.screen === "review"}>
            Shots
          </Tab>
          <Tab to={{ screen: "editorial" }} here={place.screen === "editorial"}>
            Editorial
          </Tab>
          <Tab to={{ screen: "continuity" }} here={place.screen === "continuity"}>
            Continuity
          </Tab>
          <Tab to={{ screen: "stage" }} here={place.screen === "stage"}>
            Stage
          </Tab>
          <Tab to={{ screen: "deliver" }} here={place.screen === "deliver"}>
            Deliver
          </Tab>
          <Tab to={{ screen: "queue" }} here={place.screen === "queue"}>
            Queue <QueueCount />
          </Tab>
        </nav>
        <div className="head-end">
          <Connection />
          <button type="button" className="button find" onClick={() => setOpen("palette")}>
            <Icon name="search" size={14} />
            Find <Keys keys="ctrl+k" />
          </button>
          <button type="button" className="button quiet icon" aria-label="Show all shortcuts" title="Shortcuts (?)" onClick={() => setOpen("shortcuts")}>
            <Icon name="keyboard" />
          </button>
          <span className="person" title={me.role}>
            {me.person}
          </span>
          <button type="button" className="button quiet icon" aria-label="Sign out" title="Sign out" onClick={leave}>
            <Icon name="leave" />
          </button>
        </div>
      </header>
      <main className="screen">
        {place.screen === "shots" && <ShotsScreen />}
        {place.screen === "queue" && <QueueScreen />}
        {place.screen === "editorial" && <EditorialScreen />}
        {place.screen === "continuity" && <ContinuityScreen />}
        {place.screen === "stage" && <StageScreen />}
        {place.screen === "deliver" && <DeliverScreen />}
        {place.screen === "review" && <ReviewScreen key={place.shot} place={place} />}
      </main>
      {open === "palette" && <Palette onClose={close} />}
      {open === "shortcuts" && <Shortcuts onClose={close} />}
    </div>
  );
}

function follow(place: Place) {
  return (event: React.MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(place);
  };
}

function Tab({ to, here, children }: { to: Place; here: boolean; children: React.ReactNode }) {
  return (
    <a className="tab" href={addressOf(to)} aria-current={here ? "page" : undefined} onClick={follow(to)}>
      {children}
    </a>
  );
}

function QueueCount() {
  const { value } = useKnown(api.jobs, "jobs");
  if (!value || value.jobs.length === 0) return null;
  const { done, failed, running, waiting } = value.counts;
  const all = value.jobs.length - value.counts.cancelled;
  return (
    <span className={`count figures ${failed ? "has-failed" : ""} ${running + waiting ? "has-work" : ""}`} aria-label={`${done} of ${all} done`}>
      {done} of {all}
    </span>
  );
}

function Connection() {
  const connected = useConnected();
  if (connected) return null;
  return (
    <span className="chip tone-working" role="status">
      <Icon name="retry" size={13} />
      Connecting…
    </span>
  );
}
