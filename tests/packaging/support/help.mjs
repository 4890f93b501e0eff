// What --help says there is, read apart from how packaging/generate.mjs reads it.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { runnerPath } from '../../e2e/support/runner.mjs';

export const help = execFileSync(runnerPath, ['--help'], { encoding: 'utf8' });

/** Every option as it is written: "--port", "-p" … */
export const options = [...new Set(help.match(/(?<=^ +|, )--?[a-z][a-z-]*/gm))].sort();

/** A file that the build has made of --help. */
export const generated = (name) => path.join(process.env.CONFIGURAPI_BUILD, 'packaging/generated', name);

/** Whether a program is there; a test without it is skipped. */
export function has(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export const needs = (program) => ({ skip: has(program) ? false : `${program} is not installed` });
