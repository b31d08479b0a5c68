/** A number that changes with every change of a kill switch, the same for whoever asks. */
import type { KillSwitch } from '../risk/kill-switch.js';

/** One count a switch: the plane of the start and that of the executor must not give one number twice. */
const versions = new WeakMap<KillSwitch, () => number>();

export function killSwitchVersionOf(killSwitch: KillSwitch): () => number {
  const known = versions.get(killSwitch);
  if (known !== undefined) return known;
  let changes = 0;
  killSwitch.onChange(() => {
    changes += 1;
  });
  const version = () => changes;
  versions.set(killSwitch, version);
  return version;
}
