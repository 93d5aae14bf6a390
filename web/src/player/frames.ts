// Pictures by whole frame number. Seconds never decide which frame is shown: a frame is the n-th picture of its file.

import { EncodedPacketSink, Input, MP4, QTFF, UrlSource, type EncodedPacket } from "mediabunny";

/** A decoded picture: the decoder's own Y'CbCr planes where it gives them (small, and quick to draw), else a bitmap. */
export type Decoded =
  | { kind: "bitmap"; bitmap: ImageBitmap; width: number; height: number; bytes: number }
  | { kind: "planes"; planes: Plane[]; matrix: "bt709" | "bt601"; fullRange: boolean; width: number; height: number; bytes: number };

export interface Plane {
  samples: Uint8Array;
  stride: number;
  width: number;
  height: number;
}

type Emit = (index: number, picture: Decoded) => void;

export interface FrameSource {
  readonly count: number;
  readonly kind: "proxy" | "stills";
  /** Whether pictures may be asked for in any order at no extra cost. */
  readonly anyOrder: boolean;
  /** Decode these pictures (0-based; ascending unless any order will do) and hand each over with its own number. */
  decode(indices: number[], emit: Emit): Promise<void>;
  close(): void;
}

const AS_IT_IS: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

export function canDecode(): boolean {
  return typeof VideoDecoder !== "undefined";
}

function fromBitmap(bitmap: ImageBitmap): Decoded {
  return { kind: "bitmap", bitmap, width: bitmap.width, height: bitmap.height, bytes: bitmap.width * bitmap.height * 4 };
}

/** Copy a frame out of the decoder, which has only a few to lend. */
async function copied(frame: VideoFrame, planar: boolean): Promise<Decoded> {
  const rect = frame.visibleRect;
  if (!planar || frame.format !== "I420" || !rect) return fromBitmap(await createImageBitmap(frame, AS_IT_IS));
  const samples = new Uint8Array(frame.allocationSize());
  const layout = await frame.copyTo(samples);
  const planes = layout.map(({ offset, stride }, index) => {
    const [width, height] = index ? [Math.ceil(rect.width / 2), Math.ceil(rect.height / 2)] : [rect.width, rect.height];
    return { samples: samples.subarray(offset, offset + stride * height), stride, width, height };
  });
  const matrix = frame.colorSpace.matrix === "smpte170m" || frame.colorSpace.matrix === "bt470bg" ? "bt601" : "bt709";
  const fullRange = frame.colorSpace.fullRange === true;
  return { kind: "planes", planes, matrix, fullRange, width: rect.width, height: rect.height, bytes: samples.byteLength };
}

/** A proxy movie, decoded picture by picture with WebCodecs. */
export class ProxyFrames implements FrameSource {
  readonly kind = "proxy";
  readonly count: number;
  readonly anyOrder: boolean;

  private constructor(
    private readonly input: Input,
    private readonly sink: EncodedPacketSink,
    private readonly config: VideoDecoderConfig,
    /** Packets in order of presentation: the n-th is frame n. They carry no data. */
    private readonly packets: EncodedPacket[],
    private readonly planar: boolean,
  ) {
    this.count = packets.length;
    this.anyOrder = packets.every((packet) => packet.type === "key");
  }

  /** ``planar`` hands over the decoder's own planes, for a painter that can draw them. */
  static async open(url: string, planar: boolean): Promise<ProxyFrames> {
    const input = new Input({ formats: [MP4, QTFF], source: new UrlSource(url) });
    const track = await input.getPrimaryVideoTrack();
    const config = await track?.getDecoderConfig();
    if (!track || !config) throw new Error("The proxy holds no picture this browser knows.");
    if (!(await VideoDecoder.isConfigSupported(config)).supported) throw new Error(`This browser cannot decode ${config.codec}.`);
    const sink = new EncodedPacketSink(track);
    const packets: EncodedPacket[] = [];
    for await (const packet of sink.packets(undefined, undefined, { metadataOnly: true })) packets.push(packet);
    packets.sort((a, b) => a.timestamp - b.timestamp);
    return new ProxyFrames(input, sink, { ...config, optimizeForLatency: true }, packets, planar);
  }

  /** The packets a picture needs, in decoding order: itself alone where every picture is a key picture. */
  private needed(index: number): EncodedPacket[] {
    const wanted = this.packets[index];
    if (!wanted) return [];
    if (wanted.type === "key") return [wanted];
    const inFileOrder = [...this.packets].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
    const at = inFileOrder.indexOf(wanted);
    const from = inFileOrder.slice(0, at).findLastIndex((packet) => packet.type === "key");
    return inFileOrder.slice(Math.max(0, from), at + 1);
  }

  async decode(indices: number[], emit: Emit): Promise<void> {
    const wanted = new Set(indices);
    const pictures: Promise<void>[] = [];
    let fault: Error | null = null;
    const decoder = new VideoDecoder({
      output: (frame) => {
        // The timestamp that goes in and comes out is the frame's number itself, not a time.
        const index = frame.timestamp;
        if (!wanted.delete(index)) return frame.close();
        pictures.push(copied(frame, this.planar).then((picture) => emit(index, picture)).finally(() => frame.close()));
        return undefined;
      },
      error: (problem) => (fault = problem),
    });
    try {
      decoder.configure(this.config);
      const sent = new Set<number>();
      for (const index of indices) {
        for (const packet of this.needed(index)) {
          if (sent.has(packet.sequenceNumber)) continue;
          sent.add(packet.sequenceNumber);
          const full = await this.sink.getPacket(packet.timestamp);
          if (full?.sequenceNumber !== packet.sequenceNumber) throw new Error("The proxy changed while it was read.");
          if (decoder.state !== "configured") break;
          decoder.decode(new EncodedVideoChunk({ type: full.type, timestamp: this.packets.indexOf(packet), data: full.data }));
        }
      }
      if (decoder.state === "configured") await decoder.flush();
      await Promise.all(pictures);
    } finally {
      if (decoder.state !== "closed") decoder.close();
    }
    if (fault) throw fault;
    if (wanted.size) throw new Error(`The proxy's frame ${[...wanted][0]} did not decode.`);
  }

  close(): void {
    this.input.dispose();
  }
}

/** Single pictures from the server: exact, made from the full-resolution frame. Slower than a proxy. */
export class StillFrames implements FrameSource {
  readonly kind = "stills";
  readonly anyOrder = true;

  constructor(
    readonly count: number,
    private readonly urlOf: (index: number) => string,
  ) {}

  async decode(indices: number[], emit: Emit): Promise<void> {
    for (const index of indices) {
      const answer = await fetch(this.urlOf(index), { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`The server has no picture of this frame (${answer.status}).`);
      emit(index, fromBitmap(await createImageBitmap(await answer.blob(), AS_IT_IS)));
    }
  }

  close(): void {
    // Nothing is held.
  }
}

function drop(picture: Decoded): void {
  if (picture.kind === "bitmap") picture.bitmap.close();
}

const BATCH = { proxy: 8, stills: 1 };

/** Decoded frames kept near the playhead, within a budget of bytes. Frames are numbered as in the clip. */
export class FrameStore {
  private readonly kept = new Map<number, Decoded>();
  private wanted: number[] = [];
  private busy = false;
  private closed = false;
  private frameBytes = 0;
  readonly broken = new Map<number, string>();
  onChange: () => void = () => undefined;

  constructor(
    readonly source: FrameSource,
    /** The clip's frame that the source's first picture shows. */
    readonly first: number,
    private readonly budget: number,
    /** What has to be said beside these pictures, because they are not the production's own. */
    readonly label = "",
  ) {}

  holds(frame: number): boolean {
    return frame >= this.first && frame < this.first + this.source.count;
  }

  peek(frame: number): Decoded | undefined {
    return this.kept.get(frame);
  }

  /** Nothing better will come for this frame: it is here, or outside, or it cannot be decoded. */
  settled(frame: number): boolean {
    return this.kept.has(frame) || !this.holds(frame) || this.broken.has(frame);
  }

  /** How many frames fit. */
  get room(): number {
    return this.frameBytes ? Math.max(4, Math.floor(this.budget / this.frameBytes)) : 8;
  }

  /** Frames that are needed, most urgent first. Those beyond the budget are left for later. */
  want(frames: number[]): void {
    this.wanted = frames.filter((frame) => this.holds(frame) && !this.broken.has(frame)).slice(0, this.room);
    void this.work();
  }

  keptFrames(): Iterable<number> {
    return this.kept.keys();
  }

  private nextBatch(): number[] {
    const missing = this.wanted.filter((frame) => !this.kept.has(frame));
    const batch = missing.slice(0, BATCH[this.source.kind]);
    return this.source.anyOrder ? batch : batch.sort((a, b) => a - b);
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let batch = this.nextBatch(); batch.length && !this.closed; batch = this.nextBatch()) {
        try {
          await this.source.decode(
            batch.map((frame) => frame - this.first),
            (index, picture) => this.keep(index + this.first, picture),
          );
        } catch (problem) {
          const reason = problem instanceof Error ? problem.message : String(problem);
          for (const frame of batch) if (!this.kept.has(frame)) this.broken.set(frame, reason);
          this.onChange();
        }
      }
    } finally {
      this.busy = false;
    }
  }

  private keep(frame: number, picture: Decoded): void {
    if (this.closed || this.kept.has(frame)) return drop(picture);
    this.frameBytes = picture.bytes;
    this.kept.set(frame, picture);
    const needed = new Set(this.wanted);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= this.room) break;
      if (needed.has(old)) continue;
      const gone = this.kept.get(old);
      if (gone) drop(gone);
      this.kept.delete(old);
    }
    this.onChange();
    return undefined;
  }

  close(): void {
    this.closed = true;
    for (const picture of this.kept.values()) drop(picture);
    this.kept.clear();
    this.source.close();
  }
}
