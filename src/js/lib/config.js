'use strict';

// configurapi 1.9.0's Config, over the same reader of config.yaml that the runner uses.

const { Dictionary } = require('./dictionary');

const DIRECTORY = Symbol("the configuration's directory");

class Config {
  constructor() {
    this.modules = [];
    this.events = new Dictionary();
  }

  static load(path) {
    const directory = native.realPath(path).replace(/\/[^/]*$/, '') || '/';
    return Config.parse(native.readText(path), directory, path);
  }

  static parse(content, parentDirectory = native.cwd(), name = 'config.yaml') {
    const { modules, routes } = JSON.parse(native.parseConfig(String(content), String(name), String(parentDirectory)));
    const config = new Config();
    Object.defineProperty(config, DIRECTORY, { value: parentDirectory });
    config.modules = modules;
    const shared = new Map();
    for (const route of routes) {
      for (const policy of route.policies) policy.parameters = require('./parameters').revive(policy.parameters, shared);
      config.events.set(route.name, { ...route, enabled: true });
    }
    return config;
  }
}

exports.Config = Config;
exports.DIRECTORY = DIRECTORY;
