// What a message may look like, and what becomes of it on the event.

import { Comparison } from './support/compare.mjs';

const messages = new Comparison('messages', { app: 'messages' });

const raw = (...texts) => ({ ask: texts });
const binary = (...pieces) => ({ ask: pieces.map((piece) => Buffer.from(piece)) });

/** Each must be refused, and the refusal name the member. */
const refused = (member, ...texts) => ({
  ask: texts,
  status: 400,
  pick: ({ statusCode, headers, body }) => ({ statusCode, headers, bodyStatus: body.statusCode, namesIt: new RegExp(`\\b${member}\\b`).test(body.message) }),
});

const idOf = (id) => ({ ask: { name: 'x', headers: { 'message-id': id } } });

messages.cases({
  'all members': {
    ask: { name: 'getData', params: { id: 123 }, query: { q: 'x' }, payload: { foo: 'bar' }, headers: { 'message-id': 'abc-123' } },
  },
  'no members': raw('{}'),
  'members nobody knows': raw('{"name":"x","method":"get","path":"/y","identity":{"id":"z"},"raw":"r","response":{"body":"b"},"statusCode":5}'),
  'one member at a time': raw('{"name":"x"}', '{"params":{"a":1}}', '{"query":{"a":1}}', '{"payload":1}', '{"headers":{"a":1}}'),
  'white space all around': raw(' \t\r\n{ "name" : "x" ,\n"payload" : [ 1 , 2 ] } \n'),
  'names written with escapes': raw('{"n\\u0061me":"\\u0078","p\\u0061yload":1,"head\\u0065rs":{"message\\u002did":5}}'),
  'names in another case': raw('{"Name":"x","PAYLOAD":1,"Params":{"a":1}}'),
  'the same name twice': raw('{"name":"a","name":"b","payload":1,"payload":{"last":true},"params":{"a":1},"params":{"b":2}}'),
  'the same name twice, the first wrong': raw('{"name":5,"name":"b","params":[],"params":{"b":2}}'),
  'the same name twice inside': raw('{"params":{"a":1,"a":2},"headers":{"h":1,"h":2,"message-id":1,"message-id":2},"query":{"q":1,"q":[2]}}'),
  'a member set to null after a value': raw('{"name":"a","name":null,"payload":1,"payload":null,"params":{"a":1},"params":null}'),

  'null for everything': raw('{"name":null,"params":null,"query":null,"headers":null,"payload":null}'),
  'payload null': raw('{"name":"x","payload":null}'),
  'payload of every type': raw(...['true', 'false', '0', '-0', '1.5', '1e3', '""', '"text"', '[]', '{}', '[null]'].map((value) => `{"payload":${value}}`)),
  'numbers at their limits': raw('{"payload":[1e308,1e309,-1e309,5e-324,1e-400,9007199254740993,123456789012345678901234567890,0.1,1E+2,-0.0]}'),
  'an empty name': raw('{"name":""}'),
  'a name of several lines': raw('{"name":"a\\nb\\t\\"c\\" \\\\ \\/"}'),

  'a name that is no string': refused('name', '{"name":5}', '{"name":true}', '{"name":{}}', '{"name":[]}', '{"name":["x"]}', '{"name":0}', '{"name":false}'),
  'params that are no object': refused('params', '{"params":5}', '{"params":"x"}', '{"params":[]}', '{"params":false}', '{"params":0}', '{"params":""}'),
  'query that is no object': refused('query', '{"query":5}', '{"query":"a=b"}', '{"query":[1]}', '{"query":true}'),
  'headers that are no object': refused('headers', '{"headers":5}', '{"headers":"x"}', '{"headers":[["a","b"]]}', '{"headers":true}'),
  'a refusal keeps the message-id': refused('name', '{"name":5,"headers":{"message-id":"m-1"}}', '{"headers":{"Message-Id":[1]},"name":{}}'),
  'a refusal of params keeps the message-id': refused('params', '{"params":[],"headers":{"message-id":7}}'),

  'scalars': raw('1', '-1.5e3', 'true', 'false', 'null', '"text"', '""', '"with \\u0000 and \\ud83d\\ude00"'),
  'lists': raw('[]', '[1,"two",{"name":"x"}]', '[[[]]]', ' [ ] '),

  'no JSON': raw('hello', '', ' ', '{', '}', '{"name":"x"', '{"name":"x"}}', '{"name":"x"} x', "{'name':'x'}", '{name:"x"}', '{"name":"x",}', '[1,]', '[1 2]'),
  'almost numbers': raw('01', '+1', '.5', '1.', '1e', '0x10', '-', '--1', '1_000', 'NaN', 'Infinity', '-Infinity'),
  'almost words': raw('True', 'tru', 'truee', 'nul', 'undefined', 'null null'),
  'almost strings': raw('"open', "'single'", '"\\x"', '"\\u12"', '"\\u12G4"', '"\t"', '"\n"', '"a" "b"', '"\u0001"', '"\\'),
  'almost white space': raw('\u00a01', '\ufeff1', '\u20281', '\v1', '\f1', '\u00001', '/* */1', '1//'),
  'a byte order mark before JSON': raw('\ufeff{"name":"x"}'),
  'text of one NUL': raw('\u0000', 'a\u0000b'),
  'form data': raw('name=getData&id=1'),
  'two messages in one': raw('{"name":"a"}{"name":"b"}', '{"name":"a"}\n{"name":"b"}'),

  'binary that is JSON': binary('{"name":"x","payload":{"a":[1]},"headers":{"message-id":"b"}}'),
  'binary that is text': binary('hello', 'naïve 😀'),
  'binary of nothing': binary(''),
  'binary that is no UTF-8': binary([0xff, 0xfe, 0x00], [0xc3], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xf8, 0x88, 0x80, 0x80]),
  'binary JSON with a byte that is no UTF-8': binary([...Buffer.from('{"payload":"'), 0xff, ...Buffer.from('"}')]),
  'binary that is a scalar': binary('5', 'null', '"x"'),

  'query over params': { ask: { name: 'x', params: { a: 'p', b: 'p' }, query: { b: 'q', c: 'q' } } },
  'params, query and headers are objects of their own': { ask: { name: 'separate', params: { p: 1 }, query: { q: 2 }, headers: { h: 3 }, payload: {} } },
  'values of every type in params, query and headers': {
    ask: ['params', 'query', 'headers'].map((member) => ({ name: 'x', [member]: { text: 't', number: 1.5, yes: true, nothing: null, list: [1, [2]], map: { a: { b: 1 } } } })),
  },
  'many members': { ask: { name: 'x', params: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, i])), headers: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, i])) } },
  'numbers for names': raw('{"params":{"2":"b","1":"a","x":"c","01":"d","-1":"e"},"query":{"10":1,"9":2}}'),
  'empty names': raw('{"":1,"params":{"":"p"},"query":{"":"q"},"headers":{"":"h"},"payload":{"":"y"}}'),

  'headers the client must not set': {
    ask: { name: 'x', headers: { 'connection-id': 'mine', 'push-function': 'mine', other: 'kept' } },
  },
  'such headers in other cases': { ask: { name: 'x', headers: { 'Connection-Id': 'mine', 'PUSH-FUNCTION': 'mine' } } },
  'such headers twice': raw('{"headers":{"connection-id":"a","connection-id":"b","push-function":null}}'),
  'headers as the client wrote them': { ask: { name: 'x', headers: { 'X-Upper-Case': 'Yes', 'x-upper-case': 'no', Authorization: 'Bearer x' } } },

  'message-id: text': idOf('abc-123'),
  'message-id: empty text': idOf(''),
  'message-id: text of all kinds': idOf('"quoted" \\ \n \u0000 \u2028 é 😀'),
  'message-id: numbers': { ask: [0, 1, -1, 1.5, 1e21, 1e-7].map((id) => ({ name: 'x', headers: { 'message-id': id } })) },
  'message-id: true and false': { ask: [true, false].map((id) => ({ name: 'x', headers: { 'message-id': id } })) },
  'message-id: null': idOf(null),
  'message-id: lists and maps': { ask: [[], [1, ['a']], {}, { a: { b: [null] } }].map((id) => ({ name: 'x', headers: { 'message-id': id } })) },
  'message-id in other cases': { ask: ['Message-ID', 'MESSAGE-ID', 'mEsSaGe-Id', 'message_id', 'messageid', 'message-id '].map((name) => ({ name: 'x', headers: { [name]: 'm' } })) },
  'message-id in two cases': raw('{"headers":{"message-id":"first","Message-ID":"last"}}', '{"headers":{"Message-ID":"first","message-id":"last"}}'),
  'message-id outside the headers': raw('{"message-id":"m","params":{"message-id":"m"},"payload":{"message-id":"m"}}'),
  'no message-id': { ask: { name: 'x', headers: { other: 1 } } },

  'correlation id from the headers': { ask: { name: 'correlation', headers: { 'correlation-id': 'c-1' } } },
  'correlation id from the query': { ask: { name: 'correlation', query: { correlationid: 'q-1' }, headers: { 'correlation-id': 'c-1' } } },
  'correlation ids that are no text': {
    ask: [5, null, { a: 1 }, ''].map((id) => ({ name: 'correlation', headers: { 'correlation-id': id } })),
  },
  'correlation ids in other cases': { ask: [{ name: 'correlation', headers: { 'Correlation-Id': 'c' } }, { name: 'correlation', query: { correlationId: 'q' } }] },
  'no correlation id': { ask: { name: 'correlation' } },
  'the correlation id of an event that was given another id': {
    ask: [{}, { params: { looks: true } }, { query: { correlationid: 'q' } }].map((more) => ({ name: 'anotherId', ...more })),
  },

  'the event': { ask: { name: 'event', params: { a: 1, b: 'two' }, payload: 1 } },
  'two events of one connection': { ask: [{ name: 'event' }, { name: 'event' }] },
  'classes and prototypes': { ask: { name: 'classes', params: {}, payload: { list: [] } } },
  'what one policy sets, the next one sees': { ask: { name: 'mutate', payload: 'original' } },

  'names of prototypes': raw('{"name":"inherited","params":{"__proto__":{"polluted":1}},"query":{"__proto__":{"polluted":2}},"headers":{"__proto__":{"polluted":3}},"payload":{"__proto__":{"polluted":4}}}'),
  '__proto__ in params': raw('{"params":{"__proto__":{"polluted":1},"constructor":2,"toString":3}}'),
  '__proto__ in query': raw('{"query":{"__proto__":[1],"hasOwnProperty":2}}'),
  '__proto__ in headers': raw('{"headers":{"__proto__":"x","constructor":"y"}}'),
  '__proto__ in the payload': raw('{"payload":{"__proto__":{"__proto__":null},"constructor":{"prototype":1}}}'),
  '__proto__ in the message': raw('{"__proto__":{"name":"polluted"},"name":"x"}', '{"__proto__":{"name":"polluted"}}', '{"constructor":1,"hasOwnProperty":2,"name":"x"}'),
  'toJSON in the payload': raw('{"payload":{"toJSON":"not a function","then":1}}'),

  'emoji': { ask: { name: '😀', params: { '😀': '👩‍👩‍👧' }, payload: '𝒳 é', headers: { 'message-id': '💌' } } },
  'characters one by one': raw('{"name":"characters","payload":{"text":"a\\u0000\\u001f\\u007f\\u0080\\u00ff\\u2028\\u2029\\ufeff\\uffff\\ud83d\\ude00"}}'),
  'characters unescaped': { ask: { name: 'characters', payload: { text: '\u007f\u0080ÿ\u2028\u2029\ufeff\uffff😀', 'nàme 😀': 1 } } },
  'lone surrogates': raw('{"name":"characters","payload":{"text":"\\ud800 \\udfff \\ude00\\ud83d","\\ud800":1}}'),
  'a lone surrogate in the name': raw('{"name":"\\ud800"}'),
  'lone surrogates in params and headers': raw('{"params":{"\\udead":"\\ud800x"},"query":{"a":"\\udc00"},"headers":{"message-id":"\\ud800"}}'),
  'U+2028 and U+2029': { ask: { name: '\u2028', payload: 'a\u2028b\u2029c' } },
  'NUL in names and values': raw('{"name":"a\\u0000b","params":{"p\\u0000q":"r\\u0000s"},"headers":{"message-id":"m\\u0000"},"payload":"\\u0000"}'),
  'combining characters stay as they are': { ask: { name: 'e\u0301 é', payload: 'ﬁ Å' } },

  '200 KB of ASCII': { ask: { name: 'size', payload: { text: 'x'.repeat(200_000) }, headers: { 'message-id': 'big' } } },
  '200 KB of emoji': { ask: { name: 'size', payload: { text: '😀é'.repeat(35_000) } } },
  '200 KB of escapes': { ask: { name: 'size', payload: { text: '\n"\\\u0001'.repeat(30_000) } } },
  '200 KB of no JSON': raw(`{${'x'.repeat(200_000)}`),
  '200 KB of list': { ask: { name: 'x', payload: Array.from({ length: 20_000 }, (_, i) => ({ i, even: i % 2 === 0 })) } },
  'frame lengths at their borders': {
    ask: [125, 126, 127, 65535, 65536].map((length) => 'n'.repeat(length)),
  },
  'nested a hundred deep': raw(`{"payload":${'['.repeat(100)}1${']'.repeat(100)}}`, `{"payload":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`),
});

messages.end();
