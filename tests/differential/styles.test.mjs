// The ways to write a handler, to name it, and to say how a route goes on.

import { Comparison } from './support/compare.mjs';

const styles = new Comparison('styles', { app: 'styles' });

/** One message of that name. */
const named = (name) => ({ ask: { name } });

styles.cases({
  'a function': named('sync'),
  'an async function': named('async'),
  'a function that returns a promise': named('promise'),
  'a function that returns a thenable': named('thenable'),
  'a function that returns a thenable function': named('thenableFunction'),
  'what a function forgets to await, if it is there at once': named('forgotten'),
  'what an async function forgets to await': named('forgottenAsync'),
  'what is forgotten behind a timer': named('forgottenLater'),
  'what one policy forgets to await, for the next': named('forgottenBetween'),
  'what is forgotten and completed': named('forgottenCompleted'),
  'an arrow function': named('arrow'),
  'an async arrow function': named('asyncArrow'),
  'a function expression': named('functionExpression'),
  'a bound function': named('bound'),
  'a generator function': named('generator'),
  'a function in sloppy mode': named('sloppyThis'),
  'this taken apart': named('destructured'),
  'this taken apart before an await': named('destructuredAsync'),
  'what returns a value': named('returned'),
  'what returns a response': named('returnedResponse'),

  'an inherited export': named('inherited'),
  'a name that ends in HANDLER': named('upperCase'),
  'a default export, named as the function': named('namedDefault'),
  'a default export, named as the constant': named('arrowDefault'),
  'a relative import': named('imported'),
  'handlers/ over import': named('overridden'),
  'an import from node_modules': named('package'),
  'relative modules, folders and JSON': named('relative'),
  'modules have one state for all who require them': { ask: [{ name: 'sharedState' }, { name: 'sharedState' }], fresh: true },

  'what this has': named('contextKeys'),
  'what continue() and complete() return': named('contextResults'),
  'a chain': named('chain'),
  'continue()': named('continued'),
  'complete()': named('completed'),
  'complete() after an await': named('completedAsync'),
  'complete() and then more': named('completedAndMore'),
  'complete() taken back by continue()': named('completedThenContinued'),
  'complete() when it is too late': named('completedTooLate'),
  'a callback inside a promise': named('callback'),
  'timers and microtasks': named('timers'),
  'await of all kinds': named('awaitValue'),
  'try, catch and finally around an await': named('tryFinally'),
  'every policy has its own this': named('privateContext'),
  'the event is one object for all policies': named('eventNotes'),

  'parameters behind the event': named('parameters'),
  'fewer parameters than the handler has': named('fewerParameters'),
  'default values': named('defaults'),
  'rest parameters': named('restParameters'),
  'a route without policies': named('noPolicies'),
  'the later of two routes of one name': named('twice'),
  'a route named by a number': named('404'),
  'a route named with blanks and more than ASCII': named('with blanks and ümläuts 😀'),
});

styles.end();
