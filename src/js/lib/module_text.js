'use strict';

// An ES module as a script: the text of a generator function that esm.js runs. Up to its `yield` it hands out what the
// module exports, with its function declarations in place, as linking does; behind it stands the module's own code, each
// line where it was. What is imported is read off the other module at every use, so that bindings are live.
//
//   import { a } from './x';        (function* ($, $0) { "use strict"; $.exports({ "b": () => b }); yield;
//   export const b = a + 1;   ->    const b = $0.a + 1;
//                                   })

const { parse, getLineInfo, analyze } = require('./vendor_syntax');
const { editEval } = require('./dynamic_imports');
const { Edits } = require('./edits');

const FUNCTION = /^(?:async(?:\s|\/\*[^]*?\*\/|\/\/.*)+)?function(?:\s|\/\*[^]*?\*\/|\/\/.*)*\*?/;
const isFunction = (node) => /Function/.test(node.type);
const isList = (node) => ['Program', 'BlockStatement', 'StaticBlock', 'SwitchCase'].includes(node.type);
const nameOf = (node) => (node.type === 'Literal' ? node.value : node.name);

// Calls `visit(node, parent, awaitable)` for every node, outer ones first; `awaitable` where an `await` is the module's own.
function walk(node, visit, parent, awaitable = true) {
  visit(node, parent, awaitable);
  const inside = awaitable && !isFunction(node);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each?.type === 'string') walk(each, visit, node, inside);
    } else if (typeof value?.type === 'string') {
      walk(value, visit, node, inside);
    }
  }
}

// The names that a declaration's pattern gives values to.
function namesIn(pattern) {
  switch (pattern?.type) {
    case 'Identifier': return [pattern.name];
    case 'ObjectPattern': return pattern.properties.flatMap((each) => namesIn(each.value ?? each));
    case 'ArrayPattern': return pattern.elements.flatMap(namesIn);
    case 'AssignmentPattern': return namesIn(pattern.left);
    case 'RestElement': return namesIn(pattern.argument);
    default: return [];
  }
}

class ModuleText {
  async = false;
  requests = []; // specifiers, in their order
  wanted = []; // [request, name or '*', line, column] of what is imported
  exported = []; // names of its own
  forwarded = []; // [name, request, name there or '*']
  stars = []; // requests

  #source;
  #edits;
  #prefix = '$m'; // of the names that are ours; nothing in the source begins so
  #getters = [];
  #statements = new Set(); // where those begin that a ';' may stand before
  #imports = new Map(); // local name -> { request, name }
  #namespaces = new Set();

  constructor(source) {
    this.#source = source;
    this.#edits = new Edits(source);
    while (source.includes(this.#prefix)) this.#prefix += '_';
    const ast = parse(source, {
      ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true, ranges: true,
    });
    this.isModule = false; // has syntax that only modules have
    if (source.startsWith('#!')) this.#edits.replace(0, 2, '//');
    for (const node of ast.body) this.#importsOf(node);
    for (const node of ast.body) this.#exportsOf(node);
    this.#references(ast);
    const { text, columns } = this.#edits.apply();
    const head = this.#head();
    this.code = `${head}${text}\n})`;
    this.head = head.length;
    this.columns = columns;
  }

  #request(node) {
    const at = this.requests.indexOf(node.value);
    return at >= 0 ? at : this.requests.push(node.value) - 1;
  }

  #want(request, name, node) {
    const { line, column } = getLineInfo(this.#source, node.start);
    this.wanted.push([request, name, line, column]);
  }

  #importsOf(node) {
    if (node.type !== 'ImportDeclaration') return;
    const request = this.#request(node.source);
    for (const specifier of node.specifiers) {
      const name = specifier.type === 'ImportNamespaceSpecifier' ? '*'
        : specifier.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(specifier.imported);
      this.#imports.set(specifier.local.name, { request, name });
      if (name === '*') this.#namespaces.add(request);
      else this.#want(request, name, specifier);
    }
    this.#take(node);
  }

  #take(node) {
    this.isModule = true;
    this.#edits.remove(node.start, node.end);
    this.#edits.insert(node.end, ';'); // what stood before and what follows stay apart
  }

  #export(name, local) {
    this.exported.push(name);
    this.#getters.push(`${JSON.stringify(name)}: () => ${local}`);
  }

  #exportsOf(node) {
    switch (node.type) {
      case 'ExportAllDeclaration': {
        const request = this.#request(node.source);
        if (node.exported) this.forwarded.push([nameOf(node.exported), request, '*']);
        else this.stars.push(request);
        this.#take(node);
        break;
      }
      case 'ExportDefaultDeclaration': this.#exportDefault(node); break;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.#exportDeclaration(node);
        else this.#exportList(node);
        break;
    }
  }

  #exportList(node) {
    const request = node.source ? this.#request(node.source) : undefined;
    for (const { local, exported } of node.specifiers) {
      const binding = request === undefined ? this.#imports.get(nameOf(local)) : { request, name: nameOf(local) };
      if (!binding) {
        this.#export(nameOf(exported), nameOf(local));
        continue;
      }
      this.forwarded.push([nameOf(exported), binding.request, binding.name]);
      if (request !== undefined) this.#want(request, binding.name, local);
    }
    this.#take(node);
  }

  #exportDeclaration({ start, declaration }) {
    this.isModule = true;
    this.#edits.remove(start, start + 'export'.length);
    if (declaration.type !== 'VariableDeclaration') {
      this.#export(declaration.id.name, declaration.id.name);
      return;
    }
    for (const { id } of declaration.declarations) for (const name of namesIn(id)) this.#export(name, name);
  }

  #exportDefault(node) {
    const { declaration } = node;
    const word = node.start + /^export(?:\s|\/\*[^]*?\*\/|\/\/.*)+default/.exec(this.#source.slice(node.start))[0].length;
    const local = `${this.#prefix}d`;
    this.isModule = true;
    if (declaration.id) {
      this.#edits.remove(node.start, word);
      this.#export('default', declaration.id.name);
      return;
    }
    this.#export('default', local);
    if (declaration.type === 'FunctionDeclaration') { // in place before the module runs, as those with names
      this.#edits.remove(node.start, word);
      const [head] = FUNCTION.exec(this.#source.slice(declaration.start));
      this.#edits.insert(declaration.start + head.length, ` ${local}`);
      this.unnamed = local;
      return;
    }
    // A property named "default" gives a function without a name that one, as the declaration would.
    const end = this.#source[node.end - 1] === ';' ? node.end - 1 : node.end;
    const breaks = this.#source.slice(node.start, word).replace(/[^\n\r\u2028\u2029]/g, '');
    this.#edits.replace(node.start, word, `${breaks}const ${local} = { default: (`);
    this.#edits.insert(end, ') }.default;');
  }

  #references(ast) {
    const uses = this.#uses(ast);
    const importsLater = /\bimport\b/.test(this.#source.replace(/^import\b/gm, '')); // then what it evaluates may do so
    walk(ast, (node, parent, awaitable) => {
      switch (node.type) {
        case 'ExpressionStatement':
          if (isList(parent)) this.#statements.add(node.start);
          break;
        case 'Identifier':
          if (uses.has(node)) this.#use(node, parent);
          break;
        case 'ImportExpression':
          this.#edits.replace(node.start, node.start + 'import'.length, `${this.#prefix}.import`);
          break;
        case 'CallExpression':
          if (importsLater) editEval(node, this.#edits, `${this.#prefix}.import`);
          break;
        case 'MetaProperty':
          if (node.meta.name !== 'import') break;
          this.isModule = true;
          this.#edits.replace(node.start, node.end, `${this.#prefix}.meta`);
          break;
        case 'AwaitExpression':
        case 'ForOfStatement':
        case 'VariableDeclaration':
          if (!awaitable || !(node.type === 'AwaitExpression' || node.await || node.kind === 'await using')) break;
          this.async = true;
          this.isModule = true;
          break;
      }
    });
  }

  // The identifiers that mean something imported, whatever else has the same name further in.
  #uses(ast) {
    const uses = new Set();
    if (this.#imports.size === 0) return uses;
    const scopes = analyze(ast, { ecmaVersion: 2025, sourceType: 'module', fallback: 'iteration' });
    const top = scopes.globalScope.childScopes[0];
    for (const [name] of this.#imports) for (const { identifier } of top.set.get(name).references) uses.add(identifier);
    return uses;
  }

  #use(node, parent) {
    if (parent.type === 'ExportSpecifier') return;
    const { request, name } = this.#imports.get(node.name);
    const text = name === '*' ? `${this.#prefix}n${request}`
      : /^[A-Za-z_$][\w$]*$/.test(name) ? `${this.#prefix}${request}.${name}` : `${this.#prefix}${request}[${JSON.stringify(name)}]`;
    if (parent.type === 'Property' && parent.shorthand) {
      this.#edits.replace(node.start, node.end, `${node.name}: ${text}`);
      return;
    }
    const isCallee = (parent.type === 'CallExpression' && parent.callee === node)
      || (parent.type === 'TaggedTemplateExpression' && parent.tag === node);
    if (!isCallee || name === '*') {
      this.#edits.replace(node.start, node.end, text);
      return;
    }
    // Called without a `this`. The parenthesis must not make a call of what stands before without a semicolon.
    this.#edits.replace(node.start, node.end, `${this.#statements.has(node.start) ? ';' : ''}(0, ${text})`);
  }

  #head() {
    const p = this.#prefix;
    const parameters = [p, ...this.requests.map((_, i) => `${p}${i}`), ...[...this.#namespaces].map((i) => `${p}n${i}`)];
    const named = this.unnamed ? ` ${p}.nameDefault(${this.unnamed});` : '';
    return `(${this.async ? 'async ' : ''}function* (${parameters.join(', ')}) { "use strict";${named}`
      + ` ${p}.exports({ ${this.#getters.join(', ')} }); yield; `;
  }

  get prefix() {
    return this.#prefix;
  }

  get namespaces() {
    return [...this.#namespaces];
  }
}

module.exports = { ModuleText };
