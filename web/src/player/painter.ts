// Puts one frame on the canvas: plate, version, wipe or difference, with the mattes laid over when asked.

export type Mode = "a" | "b" | "wipe" | "difference";

export interface Picture {
  a: ImageBitmap | null;
  b: ImageBitmap | null;
  matte: ImageBitmap | null;
  support: ImageBitmap | null;
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

// The support copy is black outside the matte, dark (0.15) where no source frame saw the surface, and 0.4 to 1 the more did.
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
out vec4 shown;
uniform sampler2D plate, made, matte, support;
uniform int mode;
uniform bool withMatte, withSupport, flipped;
uniform float wipe, gain;
void main() {
  vec3 a = texture(plate, at).rgb, b = texture(made, at).rgb;
  vec3 colour = mode == 0 ? a : mode == 1 ? b : mode == 2 ? ((at.x < wipe) != flipped ? a : b) : min(abs(a - b) * gain, 1.0);
  if (withMatte) colour = mix(colour, vec3(0.94, 0.24, 0.2), 0.5 * texture(matte, at).r);
  if (withSupport) {
    float seen = texture(support, at).r;
    vec3 heat = seen < 0.28 ? vec3(0.93, 0.2, 0.75) : mix(vec3(0.95, 0.66, 0.16), vec3(0.25, 0.78, 0.42), clamp((seen - 0.4) / 0.6, 0.0, 1.0));
    colour = mix(colour, heat, 0.7 * smoothstep(0.05, 0.1, seen));
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

export class GlPainter implements Painter {
  readonly kind = "webgl2";
  private readonly program: WebGLProgram;
  private readonly textures: WebGLTexture[] = [];
  private readonly loaded: (ImageBitmap | null)[] = [null, null, null, null];

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
    LAYERS.forEach(([name], unit) => {
      const texture = gl.createTexture();
      this.textures.push(texture);
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
      for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, gl.LINEAR);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([0, 0, 0, 255]));
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
    });
  }

  paint(picture: Picture): void {
    const { gl, program } = this;
    const place = (name: string) => gl.getUniformLocation(program, name);
    LAYERS.forEach(([, key], unit) => {
      const layer = picture[key];
      if (layer === null || layer === this.loaded[unit]) return;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, layer);
      this.loaded[unit] = layer;
    });
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1i(place("mode"), MODES[picture.mode]);
    gl.uniform1i(place("withMatte"), picture.matte ? 1 : 0);
    gl.uniform1i(place("withSupport"), picture.support ? 1 : 0);
    gl.uniform1i(place("flipped"), picture.flipped ? 1 : 0);
    gl.uniform1f(place("wipe"), picture.wipe);
    gl.uniform1f(place("gain"), picture.gain);
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
    const draw = (layer: ImageBitmap | null) => layer && context.drawImage(layer, 0, 0, width, height);
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

export function painterFor(canvas: HTMLCanvasElement): Painter {
  // The buffer is kept so that a picture can be picked from the canvas at any time.
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true });
  if (gl) return new GlPainter(gl);
  const flat = canvas.getContext("2d", { alpha: false });
  if (!flat) throw new Error("This browser cannot draw on a canvas.");
  return new FlatPainter(flat);
}
