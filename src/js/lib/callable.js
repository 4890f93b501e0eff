'use strict';

// Node's older classes are functions, and make an object without `new`, too.

module.exports = function callable(Class) {
  function Callable(...all) {
    return Reflect.construct(Class, all, new.target ?? Callable);
  }
  for (const name of ['name', 'length']) Object.defineProperty(Callable, name, { value: Class[name], configurable: true });
  Object.setPrototypeOf(Callable, Object.getPrototypeOf(Class));
  Callable.prototype = Class.prototype;
  Object.defineProperty(Callable.prototype, 'constructor', { value: Callable, writable: true, configurable: true });
  return Callable;
};
