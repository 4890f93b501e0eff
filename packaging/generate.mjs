// Makes the manual page and the completions of bash, zsh and fish out of --help, which is the one source of the options:
//     node generate.mjs PROGRAM DIRECTORY

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const name = 'configurapi-runner-ws';

/** What can stand behind an option, by what --help calls it. */
const choices = { LEVEL: ['debug', 'trace', 'info', 'error', 'none'], FORMAT: ['text', 'json'] };
const files = 'PATH';

/** The options of a help text: {letter, name, value, text}; `letter` and `value` are undefined where there is none. */
export function parseHelp(help) {
  const options = [];
  for (const line of help.split('\n')) {
    const option = line.match(/^  (?:-(\w), |    )--([\w-]+)(?: ([A-Z]+))?(?: +(\S.*))?$/);
    const more = line.match(/^ {20,}(\S.*)$/);
    if (option) {
      const [, letter, long, value, text = ''] = option;
      options.push({ letter, name: long, value, text });
    } else if (more && options.length > 0) {
      const last = options.at(-1);
      last.text = `${last.text} ${more[1]}`.trim();
    }
  }
  return options;
}

const roff = (text) => text.replace(/\\/g, '\\e').replace(/-/g, '\\-').replace(/^([.'])/gm, '\\&$1');

function manOption({ letter, name: long, value, text }) {
  const names = [letter && `\\fB\\-${letter}\\fR`, `\\fB\\-\\-${roff(long)}\\fR`].filter(Boolean).join(', ');
  return `.TP\n${names}${value ? ` \\fI${value}\\fR` : ''}\n${roff(text)}`;
}

export function manPage(template, options, version) {
  return template.replace('@OPTIONS@', options.map(manOption).join('\n')).replaceAll('@VERSION@', version);
}

const dashed = ({ letter, name: long }) => [letter && `-${letter}`, `--${long}`].filter(Boolean);

export function bashCompletion(options) {
  const named = (test) => options.filter(test).flatMap(dashed).join('|');
  const cases = Object.entries(choices).map(
    ([value, words]) => `    ${named((option) => option.value === value)}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word")) ;;`,
  );
  return `# bash completion for ${name}

_configurapi_runner_ws() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $before in
${cases.join('\n')}
    ${named((option) => option.value === files)})
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word")) ;;
    ${named((option) => option.value && option.value !== files && !choices[option.value])}) ;;
    *)
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W '${options.flatMap(dashed).join(' ')}' -- "$word"))
      else
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$word"))
      fi ;;
  esac
}
complete -F _configurapi_runner_ws ${name}
`;
}

export function zshCompletion(options) {
  const quoted = (text) => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const action = (value) => (value === files ? '_files' : choices[value] ? `(${choices[value].join(' ')})` : ' ');
  const specs = options.map((option) => {
    const names = dashed(option);
    const repeated = option.name === 'origin';
    const spelled = names.length > 1 ? `'(${names.join(' ')})'{${names.join(',')}}'` : `'${repeated ? '*' : ''}${names[0]}`;
    const value = option.value ? `:${option.value}:${action(option.value)}` : '';
    return `  ${spelled}[${quoted(option.text)}]${value}'`;
  });
  return `#compdef ${name}\n\n_arguments \\\n${[...specs, "  '1:script:_files'", "  '*:argument:_files'"].join(' \\\n')}\n`;
}

export function fishCompletion(options) {
  const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = options.map(({ letter, name: long, value, text }) => {
    const parts = [`complete -c ${name}`, letter && `-s ${letter}`, `-l ${long}`];
    if (value === files) parts.push('-rF');
    else if (value) parts.push('-x');
    if (choices[value]) parts.push(`-a ${quoted(choices[value].join(' '))}`);
    return [...parts, `-d ${quoted(text)}`].filter(Boolean).join(' ');
  });
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [program, directory] = process.argv.slice(2);
  const run = (option) => execFileSync(path.resolve(program), [option], { encoding: 'utf8' });
  const options = parseHelp(run('--help'));
  const template = readFileSync(new URL(`${name}.1.in`, import.meta.url), 'utf8');
  mkdirSync(directory, { recursive: true });
  const write = (file, text) => writeFileSync(path.join(directory, file), text);
  write(`${name}.1`, manPage(template, options, run('--version').trim()));
  write('completion.bash', bashCompletion(options));
  write('completion.zsh', zshCompletion(options));
  write('completion.fish', fishCompletion(options));
}
