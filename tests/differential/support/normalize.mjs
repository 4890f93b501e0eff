// What two right runners may say differently, made equal: UUIDs, the wording of stacks, and, where a case asks for it, the texts of errors
// that the engine makes.

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const place = /\/apps\/[^/]+\/([^\s:()]+:\d+)/; // handlers/app.js:12

/** A copy of `transcript` for comparison. UUIDs become numbers in the order of their first sight, so that which is which still counts. */
export function normalize(transcript, { engineMessage = false } = {}) {
  const uuids = new Map();

  function text(value) {
    const found = value.match(place);
    if (found) return `<stack with ${found[1]}>`;
    return value.replace(uuid, (id) => {
      if (!uuids.has(id)) uuids.set(id, `<uuid ${uuids.size + 1}>`);
      return uuids.get(id);
    });
  }

  function copy(value) {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    const made = {};
    for (const [name, member] of Object.entries(value)) {
      Object.defineProperty(made, text(name), { value: copy(member), enumerable: true, configurable: true, writable: true });
    }
    return made;
  }

  const normalized = copy(transcript);
  if (engineMessage) normalized.forEach(hideMessage);
  return normalized;
}

function hideMessage({ message: reply }) {
  const body = reply?.body;
  if (typeof body?.message === 'string' && body.message !== '') body.message = '<the engine\'s words>';
}
