/** What a command knows of its surroundings: the process's own environment, and behind it `.env`. */
import { readEnvironmentFile } from '../config/environment-file.js';

export type Environment = { readonly [name: string]: string | undefined };

export function commandEnvironment(): Environment {
  return { ...readEnvironmentFile('.env'), ...process.env };
}

export function dataDirOf(environment: Environment): string {
  return environment.DATA_DIR || 'data';
}
