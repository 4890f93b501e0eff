// Documents for both readers. A case is {name, yaml}: a string, or a Buffer where the bytes matter. Where the two must not agree, it
// names the difference, and the test holds them to it: `ours` is what the C reader does, 'refuses' or the parameters it reads.

export const differences = {
  characters: 'A string where a list is wanted is an error, not the list of its characters.',
  prototype: 'What objects inherit (`__proto__`, `hasOwnProperty`) is a name like any other.',
  circular: 'An alias inside what it stands for is an error: a circular value cannot be written as JSON.',
  limits: 'Aliases that expand to more than a million values, and nesting deeper than 256 levels, are errors.',
  tabs: 'A line that begins with a tab, but for blank ones: js-yaml 3 reads tabs as no indentation, libfyaml mostly refuses them.',
  gaps: 'Nothing between two commas, or a comma and a bracket, is an error, not null.',
  lines: 'An anchor or a tag at the end of its line belongs to the scalar or the brackets on the next one, or to null; js-yaml 3 loses it.',
  dash: 'A dash with nothing behind it at the end of a nested list: js-yaml 3 puts what follows in the outer list into the inner one.',
  crowded: 'Two keys on one line, the second behind an alias or a bracket, are an error.',
  surrogates: 'An escape in double quotes that is no character (half a pair, beyond U+10FFFF) is an error.',
  blocks: 'Block scalars behind an anchor or a tag that begins its line, and empty ones before lines that are oddly indented, are errors.',
};

const indent = (yaml, columns) => yaml.replace(/^(?=[^\r\n])/gm, ' '.repeat(columns));

// A value as the one parameter of a policy.
const parameter = (yaml) => `api:\n  events:\n    - name: e\n      policies:\n        - p:\n          -\n${indent(yaml, 12)}\n`;
const flow = (yaml) => `api: {events: [{name: e, policies: [{p: [${yaml}]}]}]}\n`;
// A list of events, one event, its policies, one policy.
const events = (yaml) => `api:\n  events:\n${indent(yaml, 4)}\n`;
const event = (yaml) => events(`- ${indent(yaml, 2).trimStart()}`);
const policies = (yaml) => event(`name: e\npolicies:\n${indent(yaml, 2)}`);
const named = (yaml) => `${yaml}\n${events('- {name: e, policies: [p]}')}`;

const list = (shape, title, yamls) => yamls.map((yaml) => ({ name: `${title}: ${JSON.stringify(yaml)}`, yaml: shape(yaml) }));
const differs = (difference, ours, cases) => cases.map((entry) => ({ ...entry, difference, ours }));

const scalars = [
  'null', 'Null', 'NULL', '~', 'nULL', 'true', 'True', 'TRUE', 'tRUE', 'false', 'False', 'FALSE', 'yes', 'no', 'on', 'off', 'y', 'n',
  '0', '-0', '+0', '00', '-00', '+1', '-1', '12', '1_000', '1__0', '_1', '1_', '012', '-017', '019', '0_7', '0_', '0o17', '0x1F', '-0x1f',
  '0x_f', '0xG', '0x', '0x1_', '0b101', '+0b1_0', '0b2', '0b', '1:30', '-1:30:30', '1:60', '1:5:9', '190:20:30', '01:30', '1:', '1_0:30',
  '9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '9223372036854775807', '9223372036854775808',
  '12345678901234567890', '-12345678901234567890', '123456789012345678901234567890', '0x20000000000001', '0x20000000000003',
  '0xFFFFFFFFFFFFFFFFFFFF', '0377777777777777777777777', '0b1111111111111111111111111111111111111111111111111111111',
  '1.5', '-0.0', '0.0', '1.', '.5', '-.5', '+.5', '1e3', '1E3', '-2E+05', '1.5e-3', '1e', '1e400', '-1e400', '5e-324', '1_0.5_0', '1.5_',
  '._',
  '._5', '._5e1', '12e03', '1:30.5', '-1:30.25', '1:30.', '190:20:30.15', '.inf', '.Inf', '.INF', '+.inf', '-.inf', '-.INF', '.iNF',
  '.nan',
  '.NaN', '.NAN', '-.nan', '.', '..', '-', '+', '-.', '=', '<', '<<', '1,000', '1 000', '0.1', '1e21', '123456789.123456789',
  '2001-12-14', '2001-1-14', '2001-12-14t21:59:43.10-05:00', '2001-12-14T21:59:43Z', '2001-12-14 21:59:43.10 -5', '2001-12-15 2:59:43.1',
  '2001-12-14 21:59:43 +05:30', '2001-12-14 21:59:43.123456789Z', '2001-12-14 21:59:43.', '2001-12-14 21:59', '2001-13-45', '0000-00-00',
  '0099-01-01', '0100-01-01', '9999-12-31T23:59:59-23:59', '2004-02-29', '1969-12-31T23:59:59.999Z', '2001-12-14 99:99:99',
  'a b', 'a#b', 'a:b', '::', ':a', '-a', '?a', "it's", 'say "hi"', '\\n', 'a\\', 'é', '日本', '\u{1F600}', 'a,b', 'a]b', 'key', '$date',
];

const texts = [
  '""', "''", '"a b"', "'a b'", "'it''s'", "''''", "''''''", "'a'''''", '"\\""', '"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\"\\/\\\\\\N\\_\\L\\P"',
  '"\\x41\\u0042\\U00000043"',
  '"\\ud83d\\ude00 \\u263A"', '"5"', "'true'", '"\\x00"', '"\\q"', '"\\x4"', '"\\u12G4"',
  '"a', "'a", '"a" b', "'a' b", '"a"#c', "'a'#c", '"a" #c',
  '"a\n b"', '"a \n  b"', '"a\t\n b"', '"a\n\n b"', '"a\n\n\n b\n"', '"a\\\n  b"', '"a \\\n\n  \\ b"',
  '"a\\n\n b"', "'a\n b'", "'a \n\n b '", "'\n'", '"\n"', '"a\r\n b\r\n"',
  'a\nb', 'a\n b', 'a\n\nb', 'a\n\n\n b c', 'a #c\nb', 'a\n#c\nb', 'a: b: c', 'a b: c', '- b: c',
  '|\n a\n b', '|\n a\n  b\n\n c\n', '|-\n a\n', '|+\n a\n\n', '|+\n\n', '|\n\n a\n', '|2\n   a\n  b', '|1-\n  a', '|-1\n  a', '|0\n a',
  '|--\n a', '|12\n a', '| #c\n a', '|#c\n a', '|a\n b',
  '>\n a\n b', '>\n a\n\n b\n', '>\n a\n  b\n c\n', '>\n a\n\n  b\n\n c\n', '>-\n\n a\n\n\n b\n\n', '>+\n a\n\n', '>\n \ta\n b',
  '>\n  a\n b', '|\n a\n #b\n', '|\n a: b\n - c\n',
  '|\n a\n \t\n b', '|\n \u00e9\u{1F600}', '>\r\n a\r\n b\r\n',
];

const collections = [
  '[]', '{}', '[a]', '[a, b]', '[a, b,]', '{a, b}', '{a: 1, b: 2,}', '{a: , b}', '{a: 1 b: 2}', '[a b]', '[a\n b]', '[a\n]', '[a,\n b ]',
  '{a: 1,\n b: 2}', '[', '{', '[a', '{a: 1', '[a}', ']', '}', '[a]]',
  '{a:1}', '{"a":1}', "{'a':1}", '{"a" :1}', '{a: b: c}', '[a: b]', '[a: b, c: d]', '["a": b]', '["a":b]', '[a:b]', '{[a]: b}',
  '[[a]: b]', '[{a: 1}: b]', '{? a : b}', '{? a}', '[? a : b]', '{: a}', '{a\n: b}', '{a:\n b}',
  '[a #c\n, b]', '[a, #c\n b]', '{a: 1}#c', '[a]#c', '{#c\n}', '- a\n- b', '- - a\n  - b\n- c', '-  a', '- a: 1\n  b: 2\n- c: 3', '-a',
  '- a\n-b', '- a\n - b', ' - a\n- b', '- a\n  - b', '-\n  a', '- # c\n  a', '-\n- a', 'a: - b',
  'a: 1\nb: 2', 'a: 1\n b: 2', 'a:\n b: 1\n c: 2', 'a:\n  b: 1\n c: 2', 'a:\n- b\n- c', 'a:\n  - b\n c: 1', 'a:\nb:', 'a: # c\n  b',
  'a:1', 'a : 1', '"a" : 1', '"a": 1', '"a":1', "'a b': 1", 'a: 1\na: 2', 'a: 1\n"a": 2', '1: a\n"1": b', '{a: 1, a: 2}',
  'a\n b: 1', '"a\n b": 1', ': a', 'a:\n  : b', '? a\n: b', '? a', '? a\n? b\n: c', '? [a, b]\n: c', '? {a: b}\n: c', '? - a\n  - b\n: c',
  '? |\n  a\n: b', '?\n: a', '? a\nb: c', '? <<\n: {a: 1}', '[[a]]: b', '[a, [b]]: c', '[a, ~, 1, {b: c}]: d', '{a: 1}: b',
  'z: 1\n10: a\n9: b\n01: c\n-1: d\n1.5: e\n4294967294: f\n4294967295: g', '~: a', 'null: a', 'true: a\nFALSE: b', '1.0: a', '0x10: a',
  '017: a', '1e21: a\n1e20: b\n1e-7: c\n0.000001: d', '.inf: a\n-.inf: b\n.nan: c', '-0: a', '-0.0: a',
  '123456789012345678901234567890: a', '2001-01-01: a', '2001-01-01T10:20:30.5Z: a',
  '0.1: a\n1234.5678: b\n5e-324: c\n1.7976931348623157e308: d\n100: e\n123e-20: f', '!!binary aGk=: a', '"": a', '__proto__: 1',
  '__proto__: {a: 1}\nb: 2', 'constructor: 1\ntoString: 2', '$date: x', '{$number: 1, $$a: 2, $: 3}',
];

const indentation = [
  'x:\ny', 'x:\n- \ny', 'x:\n  -\n  y', 'x:\n[a]', 'x:\n"a"', 'x:\n- - a\n- b', '? - a\n: - b', '? a\n:\n- b', '? a\n:\nb',
  'x: [a,\nb]', 'x:\n |\n a', 'x:\n  - a\n  b: c',
  'x:\n  y: 1\n  - a', '- a\nb: c', 'a\n- b', '- x: 1\n y: 2', '- x: 1\n   y: 2', 'x: &a\ny: 1', 'x: !!str\ny: 1', 'x:\n%', '%: x',
];

const properties = [
  '!!str 5', '!!str', '!!str ""', '!!str null', '!!int "5"', '!!int 5', '!!int 1.5', '!!int x', '!!int', '!!int 0b11', '!!float 1',
  '!!float "1.5"', '!!float x', '!!float 0x1', '!!bool true', '!!bool "false"', '!!bool yes', '!!bool', '!!null', '!!null ~', '!!null x',
  '!!null ""',
  '!!timestamp 2001-01-01', '!!timestamp "2001-01-01 1:02:03"', '!!timestamp x', '!!binary aGVsbG8=', '!!binary "aGVs\n bG8="',
  '!!binary ""', '!!binary A===', '!!binary QUI=', '!!binary QQ==', '!!binary QUJD', '!!binary x', '!!binary QQ', '!!binary "a b"',
  '!!binary',
  '!!seq', '!!seq [a]', '!!seq a', '!!seq {a: 1}', '!!map', '!!map {a: 1}', '!!map [a]', '!!map\na: 1', '!!seq\n- a', '!!set {a, b}',
  '!!set {a: 1}', '!!set {a: ~}', '!!set', '!!set\n? a\n? b', '!!set [a]', '!!omap [a: 1, b: 2]', '!!omap [a: 1, a: 2]', '!!omap [a]',
  '!!omap [{a: 1, b: 2}]', '!!omap [{}]', '!!omap', '!!omap {a: 1}',
  '!!pairs [a: 1, a: 2]', '!!pairs [a]', '!!pairs [{a: 1, b: 2}]', '!!pairs []', '!!pairs', '!!pairs [{a: [1]}, {2: b}]', '!!str [a]',
  '!!int {a: 1}', '! 5', '! [a]', '! {a: 1}', '!', '! ""', '!local a', '!<!local> a', '!<tag:yaml.org,2002:int> "5"',
  '!<tag:yaml.org,2002:str> 5', '!<?> "5"', '!<?> [a]', '!<!> 5', '!!js/regexp /a/', '!!js/undefined', '!!python/none x', '!e!a b',
  '!!merge <<', '!!merge x', '!!unknown', '!!str !!int 5', '!!str &a 5', '&a !!str 5', '&a &b 5', '!!str a: 1', '&a a: 1',
  'b: 1\n&a a: 2\n!!str 3: 4',
  '[&a x, *a]', '[&a x, &a y, *a]', '[*a, &a x]', '[&a [1, 2], *a, {b: *a}]', '{a: &a {b: 1}, c: *a}', '{a: &a , b: *a}', '[&a , *a]',
  '[&a-b.c_1 x, *a-b.c_1]', '[&a: x, *a: ]', '[&1 x, *1]', '[& x]', '[*]', '[&a x, !!str *a]', '[&a x, &b *a]', '[&a x, *a : y]',
  '{&a x : y, *a : z}', 'a: &a x\n*a : b', 'a: &a x\nb: *a #c', 'a: &a\n  b: 1\nc: *a', 'a: &a\n- b\nc: *a', 'a: &a |\n  x\nb: *a',
  'a: &a 2001-01-01\nb: *a', 'a: &a !!binary aGk=\nb: *a', 'a: !!binary |\n  aGVs\n  bG8=\n', 'a: !!str >-\n  b\n  c',
];

const merges = [
  'a: &a {b: 1, c: 2}\nd:\n  <<: *a\n  c: 3', 'a: &a {b: 1, c: 2}\nd:\n  c: 3\n  <<: *a', '<<: {a: 1}\na: 2\na: 3',
  '<<: {a: 1}\n<<: {a: 2, b: 3}', '<<: [{a: 1}, {a: 2, b: 3}]', '<<: [{a: 1}, 5]', '<<: 5', '<<: ~', '<<: x', '<<: []', '<<: {}',
  '<<: [[a, b]]', '<<: 2001-01-01\na: 1', '<<: !!binary aGk=\na: 1',
  '"<<": {a: 1}', '{<<: {a: 1}, b: 2}', '{? <<: {a: 1}}', '[<<: {a: 1}]', '{b: 1, <<: {b: 2, c: 3}}', '<<: {10: a, 9: b}\nc: 1', 'a: <<',
  '!!merge <<: {a: 1}', 'b: 1\n!!merge <<: {a: 1}', 'b: 1\n!!str <<: {a: 1}', '<<: {__proto__: 1}\na: 1', '? <<\n: {a: 1}',
  '<<: {a: 1}\n<<: {a: 2}\na: 5', '<<: &a {b: 1}\nc: *a',
  `a: &a {${Array.from({ length: 300 }, (_, i) => `k${i}: 1`).join(', ')}}\nb: [${'{<<: *a}, '.repeat(33)}]`,
  `a: &a {${Array.from({ length: 300 }, (_, i) => `k${i}: 1`).join(', ')}}\nb: [${'{<<: *a}, '.repeat(34)}]`,
  `<<: [${'{}, '.repeat(100)}]`, `<<: [${'{}, '.repeat(101)}]`,
];

const route = '{name: e, policies: [p]}';
const streams = [
  '', '\n', '# nothing', '---', '---\n...', '5', 'text', '"text"', '~', '[]', '[a]', '{}', '2001-01-01', 'a: 1', 'import: []',
  `api: {events: [${route}]}`, `--- {api: {events: [${route}]}}`, `---\napi: {events: [${route}]}`, `--- # c\napi: {events: [${route}]}`,
  `--- api:\n      events: [${route}]`, `---api: {events: [${route}]}`, `# c\n\n---\n\napi: {events: [${route}]}\n...\n# c\n`,
  `api: {events: [${route}]}\n...`, `api: {events: [${route}]}\n...\n...\n`,
  `api: {events: [${route}]}\n---\n`, `api: {events: [${route}]}\n---\napi: {events: [${route}]}`, `---\n---\napi: {events: [${route}]}`,
  `api: {events: [${route}]}\n... x`, `...\napi: {events: [${route}]}`,
  `%YAML 1.2\n---\napi: {events: [${route}]}`, `%YAML 1.1\n---\napi: {events: [{name: e, policies: [p: [yes, 0o7]]}]}`,
  `%YAML 1.9\n---\napi: {events: [${route}]}`, `%YAML 1.2 # c\n--- # c\napi: {events: [${route}]}`,
  `%YAML 2.0\n---\napi: {events: [${route}]}`, `%YAML\n---\napi: {events: [${route}]}`, `%YAML 1.2 x\n---\napi: {events: [${route}]}`,
  `%YAML 1\n---\napi: {events: [${route}]}`, `%YAML 1.2\n%YAML 1.2\n---\napi: {events: [${route}]}`,
  `%YAML 1.2\napi: {events: [${route}]}`, `%YAML 1.2\n--- {api: {events: [${route}]}}`,
  `%FOO bar\n---\napi: {events: [${route}]}`, `%\n---\napi: {events: [${route}]}`,
  `%TAG !e! tag:yaml.org,2002:\n---\napi: {events: [{name: !e!str 5, policies: [p]}]}`,
  `%TAG !! tag:example.org,2000:\n---\napi: {events: [{name: !!str 5, policies: [p]}]}`,
  `%TAG ! tag:yaml.org,2002:\n---\napi: {events: [{name: !str 5, policies: [p]}]}`, `%TAG !e!\n---\napi: {events: [${route}]}`,
  `\uFEFFapi: {events: [${route}]}`, `\uFEFF# c\napi: {events: [${route}]}`, `api: {events: [${route}]} # \u0001`,
  `api: {events: [{name: \u0001, policies: [p]}]}`, `api: {events: [{name: "\u0001", policies: [p]}]}`,
  `api: {events: [{name: "\u007F\u0080", policies: [p]}]}`, `api: {events: [{name: a\u007F, policies: [p]}]}`,
  `api: {events: [{name: a\u0085b\u2028c\u2029d, policies: [p]}]}`, `api: {events: [{name: a\uFEFFb, policies: [p]}]}`,
  `api: {events: [{name: a\uFFFEb, policies: [p]}]}`, `api: {events: [{name: "a\uFFFFb", policies: [p]}]}`,
  `api: {events: [{name: a\u00A0b, policies: [p]}]}`, `api: {events: [${route}]}\0`, `# \0\napi: {events: [${route}]}`,
  'api:\n  events:\n    - name: e\n      policies:\n        - p: |\n            x\n        - q:\n          - "a\n            b"\n'
    .replaceAll('\n', '\r\n'),
  `api:\r  events:\r    - name: e\r      policies: [p]\r`, `  api:\n    events: [${route}]`, `  api:\n events: 1`,
  `api:\n  events:\n    -\tname: e\n      policies:\t[p]\t# c\n`,
  `\t\napi:\n\t\n  events:\n \t # c\n    - name: e\n\t\t\n      policies:\n        - p\n\t`, `api: {\n\tevents: [\n\t\t${route}\n\t]\n}`,
  `api: {events: [\n${route}\n]\n}\n`, `api:\n  events: [\n${route}\n]\n`, `api:\n  events:\n  - name: "a\nb"\n    policies: [p]\n`,
  '@', '`', 'api: @x', 'api: `x', 'api: %x', 'api: !', 'api: &', 'api: *', '- api', 'api', '{api: {events: []}}',
  'api: {events: []}\napi: {events: []}', '---\n# c', 'api: {events: []}\nx', 'x\napi: {events: []}', '"api": {"events": []}',
  '{"api": {"events": [{"name": "e", "policies": ["p", {"q": [1, null, true, 1.5, "x"]}]}]}}',
  '{\n  "api": {\n    "events": [\n      {"name":"e","policies":[{"p":[{"a":[1,2,{"b":null}]}]}]}\n    ]\n  }\n}',
];

const bytes = [
  ['bytes that are not UTF-8 in a comment', Buffer.from(`# caf\xE9\n${flow('1')}`, 'latin1')],
  ['bytes that are not UTF-8 in a string', Buffer.from(flow('caf\xE9 \xF0\x9F\x98 \xC0\x80 \xED\xA0\x80'), 'latin1')],
  ['bytes that are not UTF-8 between quotes', Buffer.from(flow('"\xFF\xFE"'), 'latin1')],
  ['a byte order mark and CR LF', Buffer.from(`\uFEFF${flow('1').replace('\n', '\r\n')}`)],
];

const shapes = [
  ...list(named, 'import', ['import: [a, ./b, ../c/./d//e/, .f, ..., /g, ../../../../h, "", "."]', 'import: []', 'import:', 'import: ~',
    'import: 5', 'import: true', 'import: {a: 1}', 'import: [5]', 'import: [~]', 'import: [[a]]', 'import: [{a: 1}]',
    'import: [2001-01-01]', 'import: ""', 'import: 2001-01-01', 'import: !!binary aGk=', 'import: !!binary A===',
    'import:\n  - a\n  - ./b', 'import: &i [a]\nx: *i', 'import: ["é", "./日本"]', 'imports: [a]']),
  ...list((yaml) => yaml, 'api', ['api:', 'api: ~', 'api: 5', 'api: x', 'api: []', 'api: {}', 'api: {event: []}', 'api: {events: }',
    'api: {events: 5}', 'api: {events: {}}', 'api: {events: {a: 1}}', 'api: {events: ""}', 'api: {events: true}', 'api: {events: []}',
    'api: {events: [~]}', 'api: {events: [5]}', 'api: {events: [x]}', 'api: {events: [[name]]}', 'api: {events: [{}]}',
    'api: {events: 2001-01-01}', 'api: {events: !!binary A===}', 'Api: {events: []}', 'api: 2001-01-01', 'api: {events: [2001-01-01]}',
    'api: &a {events: []}\nb: *a', 'api: !!set {events}', 'api: !!omap [events: []]']),
  ...list(event, 'event', ['name: e', 'policies: [p]', 'name: e\npolicies:', 'name: e\npolicies: ~', 'name: e\npolicies: 5',
    'name: e\npolicies: {p: []}', 'name: e\npolicies: ""', 'name: e\npolicies: []', 'name: e\npolicies: true',
    'name: e\npolicies: !!binary A===', 'name: e\npolicies: !!binary aGk=', 'name:\npolicies: [p]', 'name: ""\npolicies: [p]',
    'name: e\npolicies: [p]\nextra: {a: [1]}', 'name: e\npolicies: !!set {p}', 'name: e\npolicies: !!omap [p: [1]]',
    'name: e\npolicies: !!pairs [p: [1]]', '<<: {name: e}\npolicies: [p]', 'name: e\nname: f\npolicies: [p]']),
  ...list((yaml) => event(`name: ${yaml}\npolicies: [p]`), 'name', ['5', '1.5', '-0', '0x10', '1e21', '1e-7', '.nan', '-.inf', 'true',
    'null', '~', '2001-01-01', '[a, b]', '[a, [b, [c]], ~, {d: 1}]', '[]', '{}', '{a: 1}', '{toString: 1}', '[{toString: 1}]',
    '!!binary aGVsbG8=', '"a b"', '"a\\0b"', '12345678901234567890', '1:30', 'on_start', 'constructor', 'toString', 'hasOwnProperty',
    '"é"', '!!binary /w==']),
  ...list(event, 'when', ['name: e\nwhen: dev\npolicies: [p]', 'name: e\nwhen: prod\npolicies: [p]', 'name: e\nwhen: test\npolicies: [p]',
    'name: e\nwhen:\npolicies: [p]', 'name: e\nwhen: ""\npolicies: [p]', 'name: e\nwhen: false\npolicies: [p]',
    'name: e\nwhen: 0\npolicies: [p]', 'name: e\nwhen: -0.0\npolicies: [p]', 'name: e\nwhen: .nan\npolicies: [p]',
    'name: e\nwhen: true\npolicies: [p]', 'name: e\nwhen: 5\npolicies: [p]', 'name: e\nwhen: [dev]\npolicies: [p]',
    'name: e\nwhen: {}\npolicies: [p]', 'name: e\nwhen: Dev\npolicies: [p]', 'name: e\nwhen: "dev "\npolicies: [p]',
    'name: e\nwhen: test\npolicies: 5', 'name: e\nwhen: test\npolicies: [5]', 'name: e\nwhen: test\nlogLevel: 5\npolicies: [p]',
    'name: {toString: 1}\nwhen: test\npolicies: [p]', 'when: test\npolicies: [p]', 'name: e\nwhen: 2001-01-01\npolicies: [p]']),
  ...list(event, 'logLevel', ['debug', 'Debug', 'TRACE', 'info', 'Error', 'none', 'warn', 'verbose', '""', '~', '', 'false', '0', '.nan',
    'true', '5', '[]', '{}', '{toLowerCase: 1}', '2001-01-01', '!!binary aGk=', '"ınfo"',
    '"debug "'].flatMap((word) => [`name: e\nlogLevel: ${word}\npolicies: [p]`,
    `name: e\npolicies:\n  - p: [1]\n    logLevel: ${word}`])),
  ...list(policies, 'policies', ['- p', '- ""', '- ~', '-\n- p', '- 5', '- true', '- [a]', '- [[a, b]]', '- []', '- [~, [a]]', '- {}',
    '- !!binary aGk=', '- !!binary A===', '- 2001-01-01', '- p:', '- p: ~', '- p: []', '- p: [1, a, ~]', '- p: 5', '- p: x',
    '- p: {a: 1}', '- p:\n    - 1\n    - a', '- p:\n  parameters: [1]', '- p: 5\n  parameters: [1]', '- p: [2]\n  parameters: [1]',
    '- p:\n  parameters: 5', '- p:\n  parameters: ""', '- parameters: [1]', '- parameters: 1', '- parameters: [1]\n  p: [2]',
    '- logLevel: debug\n  p: [1]', '- logLevel: [1]', '- p: [1]\n  q: [2]', '- q: [1]\n  1: [2]', '- 5: [a]', '- 1.5: [a]', '- ~: [a]',
    '- true: [a]', '- "": [a]', '- [a, b]: [c]', '- 2001-01-01: [a]', '- p: &x [1]\n- q: *x\n- r: [*x]', '- &x p\n- *x', '- <<: {p: [1]}',
    '- <<: {p: [1]}\n  q: [2]', '- q: [2]\n  <<: {p: [1]}', '- __proto__: [1]', '- constructor: [1]', '- p: !!omap [a: 1]',
    '- p: !!pairs [a: 1]', '- p: !!set {a}', '- p: !!binary aGk=', '- p: ""', '- "p q"', '- |\n  p\n',
    '- p: [[], {}, [[]], {a: {b: [~]}}]', '- ? p\n  : [1]', '- p : [1]', '- p:[1]', '- "p":  [1]',
    '- p: [.nan, .inf, -.inf, -0.0, 2001-01-01, !!binary aGk=, {$date: x, $$: y}]']),
  ...list(events, 'events', [`- ${route}\n- ${route}`, '- {name: e, policies: [p]}\n- {name: e, policies: [q]}',
    '- {name: e, policies: [p]}\n- {name: f, policies: [p]}\n- {name: e, policies: [q: [1]]}',
    '- {name: e, policies: [p]}\n- {name: e, when: test, policies: [q]}',
    '- {name: e, when: dev, policies: [p]}\n- {name: e, when: prod, policies: [q]}',
    '- {name: e, policies: [d]}\n- {name: e, when: dev, policies: [p]}\n- {name: e, when: prod, policies: [q]}',
    '- {name: 5, policies: [p]}\n- {name: "5", policies: [q]}',
    '- {name: b, policies: [p]}\n- {name: 10, policies: [p]}\n- {name: 9, policies: [p]}\n- {name: a, policies: [p]}',
    '- &a {name: e, policies: [p]}\n- <<: *a\n  name: f', '- &a {name: e, policies: [p]}\n- *a',
    '- name: e\n  policies: &p [p, q: [1]]\n- name: f\n  policies: *p', '- {name: e, policies: [p]}\n- {name: e}',
    '-\n- {name: e, policies: [p]}',
    '- name: a\n  policies:\n  - p\n  - q:\n    - 1\n    logLevel: info\n- name: b\n  policies:\n  - r']),
];

// Lines with an anchor each, and an alias of the one before.
const aliases = (count, contents) =>
  Array.from({ length: count }, (_, i) => `a${i}: &a${i} ${contents(i === 0 ? 'x' : `*a${i - 1}`)}`).join('\n');

const divergent = [
  ...differs('characters', 'refuses', [...list(named, 'import', ['import: x', 'import: ./x']), ...list(policies, 'policies', ['p',
    '"p q"']), { name: 'policies: "fooHandler"', yaml: event('name: e\npolicies: fooHandler') }]),
  ...differs('prototype', [[]], [{ name: 'a route called __proto__', yaml: event('name: __proto__\npolicies: [p]') }]),
  ...differs('prototype', [[1]], list(policies, 'policies', ['- hasOwnProperty: [1]', '- p: [1]\n  hasOwnProperty: 1'])),
  ...differs('circular', 'refuses', list(parameter, 'circular', ['&a [*a]', '&a {b: *a}', '&a\nb: [c, *a]', '&a {b: 1, <<: *a}'])),
  ...differs('limits', 'refuses', [
    { name: 'exponential aliases', yaml: parameter(aliases(24, (before) => `[${before}, ${before}]`)) },
    { name: 'deep brackets', yaml: flow('['.repeat(300) + ']'.repeat(300)) },
    { name: 'deep aliases', yaml: parameter(aliases(300, (before) => `[${before}]`)) },
  ]),
  ...differs('tabs', 'refuses', [
    { name: 'a tab before a key', yaml: named('x:\n\ty: 1') },
    { name: 'a tab at the start of a map', yaml: `\tapi: {events: [${route}]}\n` },
    { name: 'a tab before the rest of a string', yaml: 'api:\n  events:\n    - name: "a\n\tb"\n      policies: [p]\n' },
    { name: 'a tab on a line behind a block scalar', yaml: 'api:\n  events:\n    - name: |\n        a\n\t\n      policies: [p]\n' },
    { name: 'a dash behind a tab', yaml: parameter('- \t- a') },
    { name: 'a tab behind the colon of an explicit key', yaml: parameter('? a\n:\tb') },
  ]),
  ...differs('gaps', 'refuses', list(flow, 'gaps', ['[a, , b]', '[, a]', '{, a}', '[a,,]'])),
  ...differs('lines', [['5']], list(parameter, 'lines', ['!!str\n5', '! \n5'])),
  ...differs('lines', [[{ a: 'b', c: 'b' }]], list(parameter, 'lines', ['a: &x\n  b\nc: *x'])),
  ...differs('lines', [[{ a: [1], c: [1] }]], list(parameter, 'lines', ['a: &x\n  [1]\nc: *x'])),
  ...differs('lines', [[{ a: null, b: null }]], list(parameter, 'lines', ['a: &x\nb: *x'])),
  ...differs('lines', [[[null, null]]], list(parameter, 'lines', ['- &x\n- *x'])),
  ...differs('dash', [[[['a', null], 'b']]], list(parameter, 'dash', ['- - a\n  -\n- b'])),
  ...differs('dash', [[{ a: [null] }], ['q']], list(policies, 'dash', ['- p:\n    - a:\n        -\n- q: [q]'])),
  ...differs('crowded', 'refuses', list(parameter, 'crowded', ['a: &x 1\nb: *x c: 2', 'a: [1] b: 2', 'a: {b: 1}c: 2', 'a: ? b'])),
  ...differs('surrogates', 'refuses', list(parameter, 'surrogates', ['"\\ud83d"', '"\\udc00x"', '"\\U00110000"'])),
  ...differs('blocks', 'refuses', list(parameter, 'blocks', ['!!binary |\n aGVs\n bG8=\n', 'a:\n  &x |\n   b\n', '- a: >\n  b: c',
    '- - |\n  - a', 'a: |2\n # c\nb: 1'])),
];

// A config, each of its lines once left out, given twice, and moved to either side.
const base = `# what it is
import:
  - ./lib
api:
  events:
    - name: getData
      logLevel: debug
      policies:
        - checkHandler
        # and then
        - loadHandler:
            - {id: 5, list: [a, b]}
            - text: |
                one
                two
              other: "three
                four"
          logLevel: error
    - name: other
      when: dev
      policies: [
        a,
        b: [c]
      ]
`.split('\n');
const moved = base.flatMap((line, at) => {
  const others = (...lines) => [...base.slice(0, at), ...lines, ...base.slice(at + 1)].join('\n');
  const sides = [-4, -2, -1, 1, 2, 4].filter((by) => by > 0 || line.startsWith(' '.repeat(-by)));
  return [
    { name: `line ${at + 1} left out`, yaml: others() },
    { name: `line ${at + 1} twice`, yaml: others(line, line) },
    ...sides.map((by) => ({ name: `line ${at + 1} moved by ${by}`, yaml: others(by > 0 ? ' '.repeat(by) + line : line.slice(-by)) })),
  ];
});

export const cases = [
  ...list(flow, 'scalar in brackets', scalars.filter((yaml) => !/[,\]]/.test(yaml))),
  ...list(parameter, 'scalar', scalars),
  ...list(parameter, 'text', texts),
  ...list(parameter, 'collection', collections),
  ...list(parameter, 'indentation', indentation),
  ...list((yaml) => `api: {events: []}\n${yaml}`, 'indentation at the start of a line', indentation),
  ...list(parameter, 'properties', properties),
  ...list(parameter, 'merge', merges),
  ...list((yaml) => yaml, 'document', streams),
  ...list(named, 'dash', ['x:\n-', 'x:\n-\n- a', 'x:\n- a\n- # c\n- b', 'x:\n- a: -\n']),
  ...bytes.map(([name, yaml]) => ({ name, yaml })),
  ...shapes,
  ...moved,
  ...divergent,
];
