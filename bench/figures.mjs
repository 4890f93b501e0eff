// Numbers in and out: what the command line says, what the tables show.

export function whole(name, text, lowest, highest) {
  const value = Number(text);
  if (!(value >= lowest && value <= highest)) stop(`--${name}: expected ${lowest} to ${highest}, got '${text}'`);
  return Math.trunc(value);
}

export function stop(message) {
  console.error(message);
  process.exit(2);
}

export function median(numbers) {
  if (!numbers?.length) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Each round's own ratio, then the median: both sides of a ratio were measured within seconds of each other.
export function ratio(ones, others, of = (result) => result) {
  return ones && others && median(ones.map((one, round) => of(one) / of(others[round])));
}

export function show(number, digits = 0) {
  if (number === undefined) return '–';
  return number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// The first column is text, the others are numbers unless `text` says that they are not.
export function tableOf(header, rows, { text = false } = {}) {
  const lines = [header, header.map((_, column) => (text || column === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

// A row of the table of goals. Each comparison is [measured, '≥' or '≤', wanted]; what was not measured is not judged.
export function goal(what, wanted, measured, peer, comparisons) {
  const unknown = comparisons.some(([one, , other]) => one === undefined || other === undefined);
  const met = comparisons.every(([one, sign, other]) => (sign === '≥' ? one >= other : one <= other));
  return [what, wanted, measured, peer, unknown ? '–' : met ? 'yes' : '**no**'];
}
