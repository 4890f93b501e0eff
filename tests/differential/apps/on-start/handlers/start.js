const notes = [];

module.exports = {
  startHandler(event) {
    notes.push({ event: String(event), parameters: arguments.length - 1 });
  },

  async startLaterHandler(event, ...parameters) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    notes.push({ event: String(event), parameters });
  },

  noteHandler(event, name) {
    notes.push(name);
  },

  notesHandler(event) {
    event.response.body = notes;
  },
};
