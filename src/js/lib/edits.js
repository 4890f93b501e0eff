'use strict';

// Changes to a text that leave every line where it was, and the way back from the new columns to the old.

const LINE = /\r\n|[\n\r\u2028\u2029]/g;

class Edits {
  #text;
  #list = [];

  constructor(text) {
    this.#text = text;
  }

  replace(start, end, text) {
    this.#list.push({ start, end, text, order: this.#list.length });
  }

  insert(at, text) {
    this.replace(at, at, text);
  }

  // What is taken away leaves its line breaks.
  remove(start, end) {
    this.replace(start, end, (this.#text.slice(start, end).match(LINE) ?? []).join(''));
  }

  // { text, columns }: `columns` has, for each line that was changed, [new column, old column, …] from where on they
  // differ; both count from 0.
  apply() {
    const list = this.#list.sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
    const columns = {};
    let text = '';
    let position = 0;
    let [line, began, grown] = [0, 0, 0]; // the line we are in, where it began in the old text and in the new
    const pass = (piece) => {
      text += piece;
    };
    const lines = (until) => {
      LINE.lastIndex = position;
      for (let found = LINE.exec(this.#text); found && found.index < until; found = LINE.exec(this.#text)) {
        line++;
        began = found.index + found[0].length;
        grown = text.length + began - position;
      }
    };
    for (const { start, end, text: piece } of list) {
      if (start < position) continue; // inside of what is gone
      lines(start);
      pass(this.#text.slice(position, start));
      position = start;
      lines(end);
      const last = piece.search(/[\n\r\u2028\u2029](?![^]*[\n\r\u2028\u2029])/);
      pass(piece);
      position = end;
      if (last >= 0) grown = text.length - (piece.length - last - 1);
      (columns[line] ??= []).push(text.length - grown, end - began);
    }
    pass(this.#text.slice(position));
    return { text, columns };
  }
}

// The old column of a new one, by the pairs of its line.
function oldColumn(pairs, column) {
  let shift = 0;
  for (let i = 0; i < pairs.length && pairs[i] <= column; i += 2) shift = pairs[i + 1] - pairs[i];
  return Math.max(0, column + shift);
}

module.exports = { Edits, oldColumn };
