/** A value as JSON that keeps apart what JSON alone does not. */
function describe(value) {
  if (value === undefined) return { undefined: true };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { number: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
  if (Buffer.isBuffer(value)) return { buffer: value.toString('hex') };
  if (Array.isArray(value)) return value.map(describe);
  return { map: Object.entries(value).map(([name, member]) => [name, describe(member)]), plain: Object.getPrototypeOf(value) === Object.prototype };
}

exports.describe = describe;
