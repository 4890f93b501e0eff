'use strict';

const { configured } = require('./configurapi');

// Parameters as the configuration file's types have them: what JSON does not have comes marked (see config.h, and
// json/shared.h for what stands in several places; `shared` is a Map of these, the same for a whole configuration).
exports.revive = function revive(value, shared) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((item) => revive(item, shared));
    configured.add(list);
    return list;
  }
  const keys = Object.keys(value);
  if (keys.length === 1) {
    const [key] = keys;
    if (key === '$date') return new Date(value.$date);
    if (key === '$binary') return Buffer.from(value.$binary, 'base64');
    if (key === '$number') return Number(value.$number);
    if (key === '$shared') {
      const [id, original] = value.$shared;
      if (!shared.has(id)) shared.set(id, revive(original, shared));
      return shared.get(id);
    }
  }
  const map = {};
  for (const key of keys) {
    const plain = key.startsWith('$') ? key.slice(1) : key;
    Object.defineProperty(map, plain, { value: revive(value[key], shared), writable: true, enumerable: true, configurable: true });
  }
  configured.add(map);
  return map;
};
