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
];
