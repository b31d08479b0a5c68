/** What Linux says of a process: is it there, its memory, its open files. */
import { readdirSync, readFileSync } from 'node:fs';

const KIB = 1024;

export function isAlive(pid: number): boolean {
  try {
    // A zombie has ended, though its entry is still there.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resident bytes; 0 when the process has ended. */
export function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * KIB;
  } catch {
    return 0;
  }
}

/** Resident bytes of the mappings of files of that name: pages of the system's cache, which it takes back at need. */
export function mappedFileBytes(pid: number, name: string): number {
  try {
    const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    return mappings
      .filter((mapping) => mapping.slice(0, mapping.indexOf('\n')).endsWith(`/${name}`))
      .reduce((sum, mapping) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(mapping)?.[1] ?? 0) * KIB, 0);
  } catch {
    return 0;
  }
}

/** Sockets and files together; 0 when the process has ended. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
