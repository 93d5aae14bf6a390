// A form drawn from an operation's own JSON schema: units, ranges, choices and explanations come with it.

import { useId, type CSSProperties } from "react";
import type { Schema } from "../api/types";

type Settings = Record<string, unknown>;

/** Follow references and drop the "or nothing" of an optional field. */
function plain(schema: Schema, root: Schema): Schema & { optional?: boolean } {
  const named = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (named) {
    const found = root.$defs?.[named.replace("#/$defs/", "")] ?? {};
    return { ...plain(found, root), ...schema, $ref: undefined, allOf: undefined };
  }
  if (schema.anyOf) {
    const rest = schema.anyOf.filter((one) => one.type !== "null");
    const [only] = rest;
    if (only && rest.length === 1) return { ...plain(only, root), ...schema, anyOf: undefined, optional: rest.length < schema.anyOf.length };
  }
  return schema;
}

function fields(schema: Schema): [string, Schema & { optional?: boolean }][] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => [name, plain(field, schema)]);
}

export function defaultsOf(schema: Schema): Settings {
  return Object.fromEntries(fields(schema).flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default]])));
}

/** What is wrong with each field, in words; an empty record when all is well. */
export function faultsOf(schema: Schema, value: Settings): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [name, field] of fields(schema)) {
    const given = value[name];
    if (given === undefined || given === null || given === "") {
      if (schema.required?.includes(name)) faults[name] = "Needed.";
      continue;
    }
    if (field.type !== "number" && field.type !== "integer") continue;
    const number = Number(given);
    if (Number.isNaN(number)) faults[name] = "Not a number.";
    else if (field.type === "integer" && !Number.isInteger(number)) faults[name] = "Whole numbers only.";
    else if (field.minimum !== undefined && number < field.minimum) faults[name] = `At least ${field.minimum}.`;
    else if (field.maximum !== undefined && number > field.maximum) faults[name] = `At most ${field.maximum}.`;
    else if (field.exclusiveMinimum !== undefined && number <= field.exclusiveMinimum) faults[name] = `More than ${field.exclusiveMinimum}.`;
    else if (field.exclusiveMaximum !== undefined && number >= field.exclusiveMaximum) faults[name] = `Less than ${field.exclusiveMaximum}.`;
  }
  return faults;
}

const UNITS = /[([](px|pixels|stops?|kelvin|mired|mm|m|metres|frames?|degrees|seconds?|percent|%|ΔE00)\b[^)\]]*[)\]]|\bin (pixels|stops|kelvin|mired|millimetres|metres|frames|degrees|seconds|percent)\b/i;

/** The unit as the schema says it, or as its description does ("(px)", "in stops"). */
function unitOf(field: Schema): string {
  const found = UNITS.exec(field.description ?? "");
  return field.unit ?? found?.[1] ?? found?.[2] ?? "";
}

function nameOf(name: string, field: Schema): string {
  const words = field.title && field.title.toLowerCase() !== name.replaceAll("_", " ") ? field.title : name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

interface FormProps {
  schema: Schema;
  value: Settings;
  faults: Record<string, string>;
  onChange: (value: Settings) => void;
}

export function SchemaForm({ schema, value, faults, onChange }: FormProps) {
  const all = fields(schema);
  if (all.length === 0) return <p className="help">This pass has no settings.</p>;
  return (
    <div className="schema-form">
      {all.map(([name, field]) => (
        <Field key={name} name={name} field={field} value={value[name]} fault={faults[name] ?? ""} onChange={(next) => onChange({ ...value, [name]: next })} />
      ))}
    </div>
  );
}

interface FieldProps {
  name: string;
  field: Schema & { optional?: boolean };
  value: unknown;
  fault: string;
  onChange: (value: unknown) => void;
}

function Field(props: FieldProps) {
  const { name, field, value, fault, onChange } = props;
  const id = useId();
  const described = { "aria-describedby": `${id}-help`, "aria-invalid": fault ? true : undefined } as const;
  const help = (
    <span className="help" id={`${id}-help`}>
      {fault ? <span className="fault">{fault} </span> : null}
      {field.description}
    </span>
  );
  if (field.type === "boolean")
    return (
      <div className="field switch">
        <input id={id} type="checkbox" checked={Boolean(value)} onChange={(event) => onChange(event.target.checked)} {...described} />
        <div>
          <label className="label" htmlFor={id}>
            {nameOf(name, field)}
          </label>
          {help}
        </div>
      </div>
    );
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {nameOf(name, field)}
      </label>
      {field.enum ? (
        <select id={id} className="select" value={JSON.stringify(value ?? null)} onChange={(event) => onChange(JSON.parse(event.target.value))} {...described}>
          {field.optional && <option value="null">not set</option>}
          {field.enum.map((choice) => (
            <option key={String(choice)} value={JSON.stringify(choice)}>
              {String(choice).replaceAll("_", " ")}
            </option>
          ))}
        </select>
      ) : field.type === "number" || field.type === "integer" ? (
        <NumberInput {...props} id={id} described={described} />
      ) : (
        <TextInput {...props} id={id} described={described} />
      )}
      {help}
    </div>
  );
}

type InputProps = FieldProps & { id: string; described: object };

function NumberInput({ field, value, onChange, id, described, name }: InputProps) {
  const low = field.minimum ?? field.exclusiveMinimum;
  const high = field.maximum ?? field.exclusiveMaximum;
  const step = field.multipleOf ?? (field.type === "integer" ? 1 : low !== undefined && high !== undefined ? (high - low) / 200 : 0.01);
  const number = typeof value === "number" ? value : Number.NaN;
  const read = (text: string) => onChange(text === "" ? null : Number(text));
  return (
    <div className="number">
      {low !== undefined && high !== undefined && (
        <input
          type="range"
          aria-label={`${nameOf(name, field)}, slider`}
          min={low}
          max={high}
          step={step}
          value={Number.isNaN(number) ? low : number}
          style={{ "--filled": `${(((Number.isNaN(number) ? low : number) - low) / (high - low)) * 100}%` } as CSSProperties}
          onChange={(event) => read(event.target.value)}
        />
      )}
      <span className="with-unit">
        <input
          id={id}
          className="input figures"
          type="number"
          min={low}
          max={high}
          step="any"
          placeholder={field.optional ? "automatic" : ""}
          value={Number.isNaN(number) ? "" : Number(number.toPrecision(6))}
          onChange={(event) => read(event.target.value)}
          {...described}
        />
        <span className="unit">{unitOf(field)}</span>
      </span>
    </div>
  );
}

/** Text as it is; lists and records as JSON, taken over once they read as JSON. */
function TextInput({ field, value, onChange, id, described }: InputProps) {
  const suggested = (field.examples ?? []).filter((one) => typeof one === "string");
  const structured = field.type === "array" || field.type === "object";
  return (
    <>
      {suggested.length > 0 && (
        <datalist id={`${id}-known`}>
          {suggested.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    <input
      id={id}
      list={suggested.length > 0 ? `${id}-known` : undefined}
      className="input"
      defaultValue={structured && value !== undefined ? JSON.stringify(value) : undefined}
      {...(structured ? {} : { value: typeof value === "string" ? value : "" })}
      onChange={(event) => {
        if (!structured) return onChange(event.target.value || (field.optional ? null : ""));
        try {
          onChange(event.target.value ? JSON.parse(event.target.value) : undefined);
          event.target.setCustomValidity("");
        } catch {
          event.target.setCustomValidity("This is not JSON.");
        }
        return undefined;
      }}
      {...described}
    />
    </>
  );
}
