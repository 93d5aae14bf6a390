// Timecode as SMPTE ST 12-1 labels of whole frames; the same counting as answerprint.production.timecode.

export interface Rate {
  /** Frames per real second. */
  exact: number;
  /** Frames one labelled second holds: 24 for 23.976. */
  nominal: number;
}

export function rateOf(text: string): Rate {
  const [over, under = "1"] = text.split("/");
  const exact = Number(over) / Number(under);
  return Number.isFinite(exact) && exact > 0 ? { exact, nominal: Math.round(exact) } : { exact: 24, nominal: 24 };
}

/** Frames since midnight; null for what is not a label. */
export function parseLabel(label: string, rate: Rate): { frame: number; drop: boolean } | null {
  const found = /^(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})$/.exec(label.trim());
  if (!found) return null;
  const [hours, minutes, seconds, frames] = [found[1], found[2], found[3], found[5]].map(Number) as [number, number, number, number];
  const drop = found[4] !== ":";
  let frame = (hours * 3600 + minutes * 60 + seconds) * rate.nominal + frames;
  if (drop) {
    const whole = hours * 60 + minutes;
    frame -= (rate.nominal / 15) * (whole - Math.floor(whole / 10));
  }
  return { frame, drop };
}

export function label(frame: number, rate: Rate, drop: boolean): string {
  const { nominal } = rate;
  let count = frame;
  if (drop) {
    const dropped = nominal / 15;
    const perMinute = nominal * 60 - dropped;
    const perTen = nominal * 600 - dropped * 9;
    const tens = Math.floor(count / perTen);
    const rest = count % perTen;
    count += dropped * 9 * tens;
    if (rest >= nominal * 60) count += dropped * (1 + Math.floor((rest - nominal * 60) / perMinute));
  }
  const seconds = Math.floor(count / nominal);
  const two = (value: number) => String(value).padStart(2, "0");
  const frames = String(count % nominal).padStart(nominal > 100 ? 3 : 2, "0");
  return `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${drop ? ";" : ":"}${frames}`;
}
