// Where the program must not do as npm configurapi 1.9.0 does, by name. A case that differs and is not listed here fails, and so does a
// listed one that does not differ: of the reference, its replies must not be what the contract asks for; of the program, they must.

export const differences = [
  {
    name: 'a thrown SyntaxError is a 400',
    contract: 'Section 5: "A SyntaxError is 400 (thrown by a handler too; here 1.9.0 says 500)".',
    cases: [
      'failures: SyntaxError thrown',
      'failures: SyntaxError of JSON.parse in the handler',
      'failures: SyntaxError given to this.catch',
    ],
  },
  {
    name: 'null and undefined can be thrown',
    contract: 'Section 5: "`on_success`, or `on_error` with the ErrorResponse in place". 1.9.0 stumbles over them before it comes to on_error.',
    cases: ['failures: on_error sees a thrown null', 'failures: on_error sees a thrown undefined'],
  },
  {
    name: 'event.resolve() leaves the config alone',
    contract: 'Section 5: "`event.resolve()` as 1.9.0\'s, except that it never writes into the config\'s own parameters (1.9.0 does; a bug)".',
    cases: ['resolve: a map in the config, for one event and the next', "resolve: the config's own values afterwards"],
  },
  {
    name: 'names of prototypes are names like any other',
    contract: 'Section 4: "Names such as `__proto__` and `constructor` are names like any other". 1.9.0 finds what every object inherits.',
    cases: [
      'resolve: names of prototypes',
      'resolve: names of prototypes, and a path',
      'lifecycle: a route named __proto__',
      'lifecycle: no route named as what every object inherits',
    ],
  },
  {
    name: 'on_start works',
    contract: 'Section 5: "`on_start` once before listening". 1.9.0 processes it without an event, wants to trace the event\'s id, and fails.',
    cases: ['lifecycle: on_start, traced'],
  },
];
