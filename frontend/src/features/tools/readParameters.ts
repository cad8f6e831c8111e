import { isObject, type JsonObject } from '@/components/data/toolResult';

export interface Parameter {
  name: string;
  type: string;
  isRequired: boolean;
  description: string;
  /** Default and bounds, in short. */
  limits: string;
}

const BOUNDS = ['default', 'minimum', 'maximum', 'maxLength', 'pattern'] as const;

/** The parameters of a JSON Schema as people read them. */
export function readParameters(schema: JsonObject): Parameter[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, value]) => {
    const property = isObject(value) ? value : {};
    return {
      name,
      type: readType(property),
      isRequired: required.includes(name),
      description: typeof property['description'] === 'string' ? property['description'] : '',
      limits: readLimits(property),
    };
  });
}

function readType(property: JsonObject): string {
  const { type, anyOf, enum: values } = property;
  if (Array.isArray(values)) return values.map(String).join(' | ');
  if (typeof type === 'string') return type === 'array' ? `${itemType(property)}[]` : type;
  if (Array.isArray(type)) return type.map(String).join(' | ');
  if (Array.isArray(anyOf)) return anyOf.filter(isObject).map(readType).join(' | ');
  return 'any';
}

function itemType({ items }: JsonObject): string {
  return isObject(items) ? readType(items) : 'any';
}

function readLimits(property: JsonObject): string {
  return BOUNDS.filter((key) => property[key] !== undefined && property[key] !== null)
    .map((key) => `${key} ${JSON.stringify(property[key])}`)
    .join(', ');
}
