// The page's own small set of signs, drawn on a 16-unit square.

const PATHS = {
  play: "M4.500 2.800v10.400L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  back: "M11.500 2.800v10.400L3 8z",
  stepBack: "M10.500 3.500 6 8l4.500 4.500M4 3.500v9",
  stepForward: "M5.500 3.500 10 8l-4.500 4.500M12 3.500v9",
  first: "M12.500 3.500 8 8l4.500 4.500M8 3.500 3.500 8 8 12.500",
  last: "M3.500 3.500 8 8l-4.500 4.500M8 3.500 12.500 8 8 12.500",
  markIn: "M9.500 3H6v10h3.500M6 8h5",
  markOut: "M6.500 3H10v10H6.500M10 8H5",
  loop: "M3 9V7.500A2.500 2.500 0 0 1 5.500 5H12M9.800 2.600 12.200 5 9.800 7.400M13 7v1.500A2.500 2.500 0 0 1 10.500 11H4M6.200 8.600 3.800 11l2.400 2.400",
  check: "m3.500 8.500 3 3 6-7",
  cross: "m4 4 8 8M12 4l-8 8",
  dot: "M8 5.200a2.800 2.800 0 1 1 0 5.600 2.800 2.800 0 0 1 0-5.600z",
  diamond: "m8 2.800 5.200 5.200L8 13.200 2.800 8z",
  ring: "M8 3.200a4.800 4.800 0 1 1 0 9.600 4.800 4.800 0 0 1 0-9.600z",
  half: "M8 3.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6z",
  slash: "M8 3.200a4.800 4.800 0 1 1 0 9.600 4.800 4.800 0 0 1 0-9.600zM4.700 11.300l6.600-6.600",
  bang: "M8 3v6M8 11.800v.4",
  retry: "M12.500 6.500A5 5 0 1 0 13 9M12.800 3v3.700H9.100",
  search: "M7 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM10 10l3.500 3.500",
  keyboard: "M2 4.500h12v7H2zM4.500 7h.1M7 7h.1M9.500 7h.1M12 7h.1M5 9.500h6",
  leave: "M6.500 3H3v10h3.500M7 8h6M10.500 5.500 13 8l-2.500 2.500",
  note: "M3 3.500h10v7H8L5 13v-2.500H3z",
  layers: "m8 2.500 5.500 3L8 8.500l-5.500-3zM2.500 8.500 8 11.500l5.500-3",
  wipe: "M2.500 3.500h11v9h-11zM8 2v12",
  send: "M3 8h9M8.500 4.500 12 8l-3.500 3.500",
  up: "m4 10 4-4 4 4",
  down: "m4 6 4 4 4-4",
} as const;

export type IconName = keyof typeof PATHS;
const FILLED = new Set<IconName>(["play", "pause", "back", "dot", "diamond"]);

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const filled = FILLED.has(name);
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={filled ? "currentColor" : "none"}
      fillRule="evenodd"
      stroke={filled ? "none" : "currentColor"}
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
      {name === "half" && <path d="M8 3.2a4.8 4.8 0 1 1 0 9.6z" fill="currentColor" stroke="none" />}
    </svg>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect x="2" y="5" width="28" height="22" rx="4" fill="var(--accent)" />
      <path d="M6 9h3v3H6zm0 5.500h3v3H6zM6 20h3v3H6zm17-11h3v3h-3zm0 5.500h3v3h-3zM23 20h3v3h-3z" fill="#121212" opacity=".55" />
      <path d="m11.500 16.500 3.200 3.200 6-7" fill="none" stroke="#fff" strokeWidth="2.600" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
