'use strict';

// configurapi 1.9.0's Service for a script that drives one of its own. The runner's events go through the pipeline in C;
// this follows the same stages with what runs there too: the handlers, and the way a chain of them runs.

const { EventEmitter } = require('./vendor_events');
const { api } = require('./configurapi');
const dispatch = require('./dispatch');
const handlers = require('./handlers');
const { errorResponseOf } = require('./failures');

const LEVELS = { debug: 4, trace: 3, info: 2, error: 1 };

class Service extends EventEmitter {
  #routes = new Map();
  #started;
  #ready = false;

  constructor(config) {
    super();
    this.config = config;
    for (const module of config.modules) handlers.load(module, native.cwd());
    config.events.map((route) => this.#routes.set(String(route.name), route.policies.map((policy) => this.#prepare(policy, route))));
  }

  #prepare({ name, parameters, logLevel }, route) {
    const handler = handlers.find(name);
    if (!handler) throw new Error(`Handler '${name}' could not be found.`);
    return { name, handler, parameters, level: LEVELS[logLevel ?? route.logLevel] ?? 0, traced: false };
  }

  async init() {
    await (this.#started ??= this.#run('on_start'));
  }

  async process(event) {
    await this.init();
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
  }

  // Whether there is such a route.
  async #run(name, event) {
    const policies = this.#routes.get(String(name));
    if (policies) await dispatch.runPolicies(event, policies);
    return policies !== undefined;
  }

  async #fail(event, error) {
    event.response = errorResponseOf(error);
    this.#report(event, error);
    try {
      await this.#run('on_error', event);
    } catch (another) {
      this.#report(event, another);
    }
  }

  #report(event, error) {
    if (this.listenerCount('error') > 0)
      this.emit('error', `${event.id} - ${event.correlationId} - Failed to handle ${event.name}: ${error?.message ?? error}`);
  }
}

exports.Service = Service;
