import { ensureObject, type JsonObject, timestamp } from '../storage/objects.ts';
import { badRequest, unsupportedMediaType } from '../storage/status.ts';
import { messages } from './messages.ts';

/** The media type of Kubernetes' protobuf bodies. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly kind: 'one' | 'maybe' | 'list' | 'map';
}

type Raw = { readonly number: number; readonly value: bigint | Buffer };

/**
 * Decodes a body in Kubernetes' protobuf envelope (`k8s\0` and a runtime.Unknown) into the object that its JSON would
 * be. Kinds that kubectl does not send this way are a 415.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0')
    throw badRequest('the body is not in the protobuf envelope of Kubernetes');
  const envelope = [...read(body.subarray(4))];
  const part = (number: number) => envelope.find((one) => one.number === number)?.value;
  const type = decode(bytes(part(1)), 'TypeMeta');
  const kind = String(type.kind ?? '');
  if (!Object.hasOwn(messages, kind)) throw unsupportedMediaType(['application/json', 'application/yaml']);
  return { ...type, ...decode(bytes(part(2)), kind) };
}

function bytes(value: bigint | Buffer | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

const known = new Map<string, ReadonlyMap<number, Field>>();

function fieldsOf(message: string): ReadonlyMap<number, Field> {
  const cached = known.get(message);
  if (cached !== undefined) return cached;
  const parsed = new Map((messages[message] ?? '').split(', ').map(parseField));
  known.set(message, parsed);
  return parsed;
}

const kinds = { '?': 'maybe', '[]': 'list', '{}': 'map', '': 'one' } as const;

function parseField(text: string): [number, Field] {
  const match = /^(\d+) (\w+) (\?|\[\]|\{\})?(\w+)$/.exec(text);
  if (match === null) throw new Error(`not a field: ${text}`);
  const [, number, name = '', mark = '', type = ''] = match;
  return [Number(number), { name, type, kind: kinds[mark as keyof typeof kinds] }];
}

function decode(buffer: Buffer, message: string): JsonObject {
  const result: JsonObject = {};
  for (const { number, value } of read(buffer)) {
    const field = fieldsOf(message).get(number);
    if (field !== undefined) store(result, field, value);
  }
  return result;
}

function store(result: JsonObject, field: Field, raw: bigint | Buffer): void {
  const { name, type, kind } = field;
  if (kind === 'list') {
    const before = Array.isArray(result[name]) ? result[name] : [];
    result[name] = [...before, scalar(raw, type)];
  } else if (kind === 'map') {
    const entry = [...read(bytes(raw))];
    const key = bytes(entry.find((one) => one.number === 1)?.value).toString('utf8');
    ensureObject(result, name)[key] = scalar(
      entry.find((one) => one.number === 2)?.value ?? Buffer.alloc(0),
      type,
    );
  } else {
    const value = scalar(raw, type);
    // Go writes the zero of every field that is not a pointer; JSON leaves it out.
    if (kind === 'maybe' || !isZero(value)) result[name] = value;
  }
}

function isZero(value: unknown): boolean {
  return (
    value === undefined ||
    value === '' ||
    value === 0 ||
    value === false ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

function scalar(raw: bigint | Buffer, type: string): unknown {
  if (type === 'int') return Number(BigInt.asIntN(64, typeof raw === 'bigint' ? raw : 0n));
  if (type === 'bool') return raw === 1n;
  const buffer = bytes(raw);
  if (type === 'string') return buffer.toString('utf8');
  if (type === 'bytes') return buffer.toString('base64');
  if (type === 'time') return time(buffer);
  const parts = () => new Map([...read(buffer)].map((one) => [one.number, one.value]));
  if (type === 'quantity') return bytes(parts().get(1)).toString('utf8');
  if (type === 'intOrString')
    return parts().get(1) === 1n
      ? bytes(parts().get(3)).toString('utf8')
      : scalar(parts().get(2) ?? 0n, 'int');
  return decode(buffer, type);
}

function time(buffer: Buffer): string | undefined {
  const seconds = [...read(buffer)].find((one) => one.number === 1)?.value;
  return typeof seconds === 'bigint'
    ? timestamp(new Date(Number(BigInt.asIntN(64, seconds)) * 1000))
    : undefined;
}

function* read(buffer: Buffer): Generator<Raw> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = buffer[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('the protobuf body ends too early');
  };
  const take = (length: number): Buffer => {
    if (at + length > buffer.length) throw badRequest('the protobuf body ends too early');
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) yield { number, value: varint() };
    else if (wireType === 2) yield { number, value: take(Number(varint())) };
    else if (wireType === 1 || wireType === 5) take(wireType === 1 ? 8 : 4);
    else throw badRequest(`the protobuf body has an unknown wire type: ${wireType}`);
  }
}
