// What the page knows from the server, kept fresh by the stream of events.

import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { api } from "./client";

type Listener = () => void;

interface Live {
  connected: boolean;
  listen: (listener: Listener) => () => void;
  /** The last good answers, so that a screen one comes back to is there at once and then brought up to date. */
  kept: Map<string, unknown>;
}

const LiveContext = createContext<Live>({ connected: false, listen: () => () => undefined, kept: new Map() });

/** Events come in bursts while frames are made: listeners hear at most four times a second. */
const BREATH_MS = 250;

export function LiveProvider({ children, production }: { children: ReactNode; production: string }) {
  const [connected, setConnected] = useState(false);
  const listeners = useRef(new Set<Listener>());
  const [kept] = useState(() => new Map<string, unknown>());

  useEffect(() => {
    let due: number | undefined;
    const stream = new EventSource(api.eventsUrl());
    const tell = () => {
      due ??= window.setTimeout(() => {
        due = undefined;
        listeners.current.forEach((listener) => listener());
      }, BREATH_MS);
    };
    stream.onopen = () => setConnected(true);
    stream.onerror = () => setConnected(false);
    stream.onmessage = tell;
    return () => {
      stream.close();
      window.clearTimeout(due);
    };
  }, [production]);

  const listen = useCallback((listener: Listener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  return <LiveContext.Provider value={{ connected, listen, kept }}>{children}</LiveContext.Provider>;
}

export function useConnected(): boolean {
  return useContext(LiveContext).connected;
}

export interface Known<T> {
  value: T | null;
  error: string;
  refresh: () => void;
}

/** Ask once, ask again after every burst of events, and keep the last good answer while asking. */
export function useKnown<T>(ask: () => Promise<T>, key: string): Known<T> {
  const { listen, kept } = useContext(LiveContext);
  const before = (kept.get(key) as T | undefined) ?? null;
  const [state, setState] = useState<{ key: string; value: T | null; error: string }>({ key, value: before, error: "" });
  const latest = useRef(ask);
  latest.current = ask;
  const turn = useRef(0);

  const refresh = useCallback(() => {
    const mine = ++turn.current;
    latest.current().then(
      (value) => {
        if (mine !== turn.current) return;
        kept.set(key, value);
        setState({ key, value, error: "" });
      },
      (error: Error) => mine === turn.current && setState((old) => ({ ...old, key, error: error.message })),
    );
  }, [key, kept]);

  useEffect(() => {
    refresh();
    return listen(refresh);
  }, [listen, refresh]);
  return { value: state.key === key ? state.value : before, error: state.error, refresh };
}
