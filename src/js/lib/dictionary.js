'use strict';

// configurapi 1.9.0's Dictionary, for which names of prototypes are names like any other.
exports.Dictionary = class Dictionary {
  items = Object.create(null);

  has(key) {
    return key in this.items;
  }

  get(key) {
    return this.items[key];
  }

  set(key, value) {
    this.items[key] = value;
  }

  clear() {
    this.items = Object.create(null);
  }

  get length() {
    return Object.keys(this.items).length;
  }

  map(visit) {
    for (const key of Object.keys(this.items)) visit(this.items[key]);
  }
};
