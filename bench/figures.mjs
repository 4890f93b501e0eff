// Numbers in and out: what the command line says, what the tables show.

export function within(name, text, lowest, highest) {
  const value = Number(text);
  if (!(value >= lowest && value <= highest)) stop(`--${name}: expected ${lowest} to ${highest}, got '${text}'`);
  return value;
}

export function whole(name, text, lowest, highest) {
  return Math.trunc(within(name, text, lowest, highest));
}

export function stop(message) {
  console.error(message);
  process.exit(2);
}

export function median(numbers) {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function show(number, digits) {
  if (number === undefined) return '–';
  return number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
