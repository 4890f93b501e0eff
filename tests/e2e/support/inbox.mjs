/** A queue whose reader waits. After end(), what is there can still be taken; then take() rejects with the reason. */
export class Inbox {
  #items = [];
  #readers = [];
  #reason;

  put(item) {
    const reader = this.#readers.shift();
    if (reader) reader.resolve(item);
    else this.#items.push(item);
  }

  end(reason) {
    this.#reason ??= reason;
    for (const reader of this.#readers.splice(0)) reader.reject(new Error(this.#reason));
  }

  take() {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    if (this.#reason !== undefined) return Promise.reject(new Error(this.#reason));
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }
}
