// Puts one frame on the canvas: plate, version, wipe or difference, with the mattes laid over when asked.

import type { Decoded } from "./frames";

export type Mode = "a" | "b" | "wipe" | "difference";

export interface Picture {
  a: Decoded | null;
  b: Decoded | null;
  matte: Decoded | null;
  support: Decoded | null;
  mode: Mode;
  /** Where the wipe stands, 0 (left) to 1 (right). A is on its left, unless flipped. */
  wipe: number;
  flipped: boolean;
  gain: number;
}

export interface Painter {
  readonly kind: "webgl2" | "2d";
  paint(picture: Picture): void;
  close(): void;
}

const VERTEX = `#version 300 es
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

// Y'CbCr to R'G'B' after ITU-R BT.709 (or BT.601): range.x is black's code, range.y and range.z the scales of luma and chroma,
// all in units of 255; kr and kb are the matrix's luma weights. 4:2:0 chroma is sited on the left luma column, hence the shift.
// The support copy is black outside the matte, dark (0.15) where no source frame saw the surface, and 0.4 to 1 the more did.
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
out vec4 shown;
struct Layer { bool planar; vec3 range; vec2 weights; float shift; };
uniform Layer layers[4];
uniform sampler2D plate0, plate1, plate2, made0, made1, made2, matte0, matte1, matte2, support0, support1, support2;
uniform int mode;
uniform bool withMatte, withSupport, flipped;
uniform float wipe, gain;
vec3 colourOf(Layer layer, sampler2D first, sampler2D second, sampler2D third) {
  vec3 luma = texture(first, at).rgb;
  if (!layer.planar) return luma;
  vec2 place = at + vec2(layer.shift, 0.0);
  float y = (luma.r - layer.range.x) * layer.range.y;
  float cb = (texture(second, place).r - 128.0 / 255.0) * layer.range.z;
  float cr = (texture(third, place).r - 128.0 / 255.0) * layer.range.z;
  float kr = layer.weights.x, kb = layer.weights.y, kg = 1.0 - kr - kb;
  float r = y + 2.0 * (1.0 - kr) * cr, b = y + 2.0 * (1.0 - kb) * cb;
  return clamp(vec3(r, (y - kr * r - kb * b) / kg, b), 0.0, 1.0);
}
void main() {
  bool left = (at.x < wipe) != flipped;
  vec3 colour = vec3(0.0);
  if (mode == 0 || (mode == 2 && left)) colour = colourOf(layers[0], plate0, plate1, plate2);
  else if (mode == 1 || mode == 2) colour = colourOf(layers[1], made0, made1, made2);
  else colour = min(abs(colourOf(layers[0], plate0, plate1, plate2) - colourOf(layers[1], made0, made1, made2)) * gain, 1.0);
  if (withMatte) colour = mix(colour, vec3(0.94, 0.24, 0.2), 0.5 * colourOf(layers[2], matte0, matte1, matte2).r);
  if (withSupport) {
    float seen = colourOf(layers[3], support0, support1, support2).r;
    vec3 heat = mix(vec3(0.95, 0.66, 0.16), vec3(0.25, 0.78, 0.42), clamp((seen - 0.4) / 0.6, 0.0, 1.0));
    float laid = 0.7;
    if (seen < 0.28) {
      // Invented: hatched in the picture's own pixels, so that what was put there is seen between the lines at any size.
      heat = vec3(0.93, 0.2, 0.75);
      laid = mod(gl_FragCoord.x + gl_FragCoord.y, 8.0) < 3.0 ? 0.9 : 0.25;
    }
    colour = mix(colour, heat, laid * smoothstep(0.05, 0.1, seen));
  }
  shown = vec4(colour, 1.0);
}`;

const MODES: Record<Mode, number> = { a: 0, b: 1, wipe: 2, difference: 3 };
const LAYERS = [
  ["plate", "a"],
  ["made", "b"],
  ["matte", "matte"],
  ["support", "support"],
] as const;
const WEIGHTS: Record<"bt709" | "bt601", [number, number]> = { bt709: [0.2126, 0.0722], bt601: [0.299, 0.114] };

export class GlPainter implements Painter {
  readonly kind = "webgl2";
  private readonly program: WebGLProgram;
  private readonly textures: WebGLTexture[] = [];
  private readonly loaded: (Decoded | null)[] = [null, null, null, null];
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(private readonly gl: WebGL2RenderingContext) {
    const program = gl.createProgram();
    for (const [type, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) throw new Error("WebGL2 is not available.");
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`The picture shader does not link: ${gl.getProgramInfoLog(program)}`);
    this.program = program;
    gl.useProgram(program);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    LAYERS.forEach(([name], layer) => {
      for (const plane of [0, 1, 2]) {
        const unit = 3 * layer + plane;
        const texture = gl.createTexture();
        this.textures.push(texture);
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, texture);
        for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
        for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, gl.LINEAR);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([0, 0, 0, 255]));
        gl.uniform1i(this.place(`${name}${plane}`), unit);
      }
    });
  }

  private place(name: string): WebGLUniformLocation | null {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name) ?? null;
  }

  private load(layer: number, picture: Decoded): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + 3 * layer);
    gl.uniform1i(this.place(`layers[${layer}].planar`), picture.kind === "planes" ? 1 : 0);
    if (picture.kind === "bitmap") {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture.bitmap);
      return;
    }
    picture.planes.forEach(({ samples, stride, width, height }, plane) => {
      gl.activeTexture(gl.TEXTURE0 + 3 * layer + plane);
      gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, samples);
    });
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    const [black, luma, chroma] = picture.fullRange ? [0, 1, 1] : [16 / 255, 255 / 219, 255 / 224];
    gl.uniform3f(this.place(`layers[${layer}].range`), black, luma, chroma);
    gl.uniform2f(this.place(`layers[${layer}].weights`), ...WEIGHTS[picture.matrix]);
    gl.uniform1f(this.place(`layers[${layer}].shift`), 0.25 / (picture.planes[1]?.width ?? 1));
  }

  paint(picture: Picture): void {
    const { gl } = this;
    LAYERS.forEach(([, key], index) => {
      const layer = picture[key];
      if (layer === null || layer === this.loaded[index]) return;
      this.load(index, layer);
      this.loaded[index] = layer;
    });
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1i(this.place("mode"), MODES[picture.mode]);
    gl.uniform1i(this.place("withMatte"), picture.matte ? 1 : 0);
    gl.uniform1i(this.place("withSupport"), picture.support ? 1 : 0);
    gl.uniform1i(this.place("flipped"), picture.flipped ? 1 : 0);
    gl.uniform1f(this.place("wipe"), picture.wipe);
    gl.uniform1f(this.place("gain"), picture.gain);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  close(): void {
    this.textures.forEach((texture) => this.gl.deleteTexture(texture));
  }
}

/** For machines without WebGL2: the same views, the overlays by blending, the gain by adding. */
export class FlatPainter implements Painter {
  readonly kind = "2d";

  constructor(private readonly context: CanvasRenderingContext2D) {}

  paint({ a, b, matte, support, mode, wipe, flipped, gain }: Picture): void {
    const { context } = this;
    const { width, height } = context.canvas;
    const draw = (layer: Decoded | null) => layer?.kind === "bitmap" && context.drawImage(layer.bitmap, 0, 0, width, height);
    context.globalCompositeOperation = "source-over";
    context.filter = "none";
    draw(mode === "a" ? a : b);
    if (mode === "wipe") {
      context.save();
      context.beginPath();
      context.rect(flipped ? wipe * width : 0, 0, flipped ? width : wipe * width, height);
      context.clip();
      draw(a);
      context.restore();
    } else if (mode === "difference") {
      context.globalCompositeOperation = "difference";
      draw(a);
      context.globalCompositeOperation = "source-over";
      context.filter = `brightness(${gain})`;
      context.drawImage(context.canvas, 0, 0);
      context.filter = "none";
    }
    const overlay = support ?? matte;
    if (overlay) {
      context.globalCompositeOperation = "screen";
      draw(overlay);
      context.globalCompositeOperation = "source-over";
    }
  }

  close(): void {
    // Nothing is held.
  }
}

let planar: boolean | null = null;

/** Whether the painter will take the decoder's own planes: with WebGL2 only. */
export function paintsPlanes(): boolean {
  planar ??= document.createElement("canvas").getContext("webgl2") !== null;
  return planar;
}

export function painterFor(canvas: HTMLCanvasElement): Painter {
  // The buffer is kept so that a picture can be picked from the canvas at any time.
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true });
  if (gl) return new GlPainter(gl);
  const flat = canvas.getContext("2d", { alpha: false });
  if (!flat) throw new Error("This browser cannot draw on a canvas.");
  return new FlatPainter(flat);
}
