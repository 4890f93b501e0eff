'use strict';

// configurapi 1.9.0's Service for a script that drives one of its own. The runner's events go through the pipeline in C;
// this follows the same stages with what runs there too: the handlers, and the way a chain of them runs.

const { EventEmitter } = require('./vendor_events');
const { api } = require('./configurapi');
const { DIRECTORY } = require('./config');
const dispatch = require('./dispatch');
const handlers = require('./handlers');
const { errorResponseOf } = require('./failures');

const LEVELS = { debug: 4, trace: 3, info: 2, error: 1 };
const HANDLERS = /(?<!\.d)\.[cm]?[jt]s$/;

const levelOf = (name) => LEVELS[name] ?? 0;
const onOneLine = (text) => `${text}`.replace(/[\r\n\t ]+/g, ' ');

class Service extends EventEmitter {
  #routes = new Map();
  #started;
  #ready = false;

  constructor(config) {
    super();
    this.config = config;
    for (const module of config.modules) load(module);
    loadFolder([config[DIRECTORY], native.cwd()]);
    config.events.map((route) => this.#routes.set(String(route.name), route.policies.map((policy) => this.#prepare(policy, route))));
  }

  #prepare({ name, parameters, logLevel }, route) {
    const handler = handlers.find(name);
    if (!handler) throw new Error(`Handler '${name}' could not be found.`);
    const level = levelOf(logLevel ?? route.logLevel);
    return { name, handler, parameters, level, traced: Math.min(levelOf(logLevel), levelOf(route.logLevel)) >= LEVELS.trace };
  }

  async init() {
    await (this.#started ??= this.#run('on_start'));
  }

  async process(event) {
    await this.init();
    const begun = Date.now();
    if (!this.#ready) {
      try {
        await this.#run('on_first_request', event);
      } catch (error) {
        await this.#fail(event, error);
        throw error;
      }
      this.#ready = true;
    }
    try {
      await this.#run('on_before_request', event);
      if (!(await this.#run(event.name, event)) && !(await this.#run(event.method, event)) && !(await this.#run('catchall', event)))
        throw new api.ErrorResponse('Not Implemented.', 501, `Route for '${event.name}' event could not be found.'`);
      if (event.response instanceof api.ErrorResponse) throw event.response;
      await this.#run('on_success', event);
    } catch (error) {
      await this.#fail(event, error);
    }
    try {
      await this.#run('on_after_request', event);
    } catch (error) {
      await this.#fail(event, error);
    }
    if (levelOf(this.config.events.get(event.name)?.logLevel) >= LEVELS.trace)
      this.#tell(event, 'trace', `Handled ${event.name} [${Date.now() - begun}ms]`);
  }

  // Whether there is such a route.
  async #run(name, event) {
    const policies = this.#routes.get(String(name));
    if (policies) await dispatch.runPolicies(event, policies, (level, message) => this.#tell(event, level, message));
    return policies !== undefined;
  }

  async #fail(event, error) {
    event.response = errorResponseOf(error);
    this.#tell(event, 'error', `Failed to handle ${event.name}: ${error?.message ?? error}`);
    if (!this.#routes.has('on_error')) return;
    try {
      this.#tell(event, 'error', `Failed to handle ${event.name}: ${error}`); // a second time, as 1.9.0
      await this.#run('on_error', event);
    } catch (another) {
      this.#tell(event, 'error', another);
    }
  }

  // Whether somebody listens. An error that nobody hears of is none of the Service's own, as it is in 1.9.0.
  #tell(event, level, message) {
    if (this.listenerCount(level) === 0) return false;
    const subject = event ? `${event.id} - ${event.correlationId}` : 'configurapi - '; // there is none at on_start
    return this.emit(level, onOneLine(`${subject} - ${message}`));
  }
}

function load(path) {
  let names;
  try {
    names = handlers.load(path, native.cwd());
  } catch (words) {
    throw new Error(words);
  }
  if (names === undefined)
    throw new Error(`${path}: a module that waits at its top level can not be loaded by a Service; import it before`);
}

// Those of the first directory that has some: the configuration's, or the one that we are in.
function loadFolder(directories) {
  const folder = directories.filter(Boolean).map((each) => `${each}/handlers`).find((each) => native.fileKind(each) === 'directory');
  if (folder === undefined) return;
  const files = require('./node_fs').readdirSync(folder, { withFileTypes: true });
  for (const name of files.filter((each) => each.isFile() && HANDLERS.test(each.name)).map((each) => each.name).sort()) load(`${folder}/${name}`);
}

exports.Service = Service;
