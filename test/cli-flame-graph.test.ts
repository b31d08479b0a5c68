/** A flame graph that counts the idle time, or a function twice, sends whoever reads it after the wrong thing. */
import { describe, expect, it } from 'vitest';
import { busiest, flameGraphHtml, flameOf, type Profile } from '../src/cli/flame-graph.js';
import { CpuProfiler } from '../src/metrics/cpu-profiler.js';
import { systemClock } from '../src/time/clock.js';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

/** all → work → (sign, sign of another caller), and idle beside it. */
const PROFILE: Profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5] },
    { id: 2, callFrame: frame('work', 'file:///home/somebody/app/dist/desk.js', 9), children: [3, 4] },
    { id: 3, callFrame: frame('sign') },
    { id: 4, callFrame: frame('build'), children: [6] },
    { id: 5, callFrame: frame('(idle)') },
    { id: 6, callFrame: frame('sign') },
  ],
  samples: [5, 2, 3, 3, 6, 4, 5],
  timeDeltas: [0, 1_000, 10, 20, 30, 40, 50],
};

describe('a flame graph', () => {
  it('adds up what each frame took, without the waiting', () => {
    const root = flameOf(PROFILE);
    expect(root.totalUs).toBe(10 + 20 + 30 + 40 + 50);
    const work = root.children[0];
    expect(work).toMatchObject({ name: 'work dist/desk.js:10', selfUs: 10, totalUs: 150 });
    expect(work?.children.find(({ name }) => name === 'build')).toMatchObject({ selfUs: 50, totalUs: 90 });
    expect(busiest(root)[0]).toEqual({ name: 'sign', selfUs: 90 });
  });

  it('is one file that loads nothing, shows no path of the machine, and cannot be broken by a name', () => {
    const evil: Profile = {
      nodes: [
        { id: 1, callFrame: frame('(root)'), children: [2] },
        { id: 2, callFrame: frame('</script><b>', 'file:///home/somebody/a/b.js') },
      ],
      samples: [2, 2],
      timeDeltas: [0, 100],
    };
    const html = flameGraphHtml(evil, 'a <title>');
    expect(html).not.toContain('somebody');
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).toContain('a &lt;title&gt;');
  });
});

describe('a profile of this thread', () => {
  it('is taken one at a time and has samples', async () => {
    const profiler = new CpuProfiler(systemClock);
    const first = profiler.profile(50);
    await expect(profiler.profile(50)).rejects.toMatchObject({ code: 'PROFILE_RUNNING' });
    const profile = await first;
    expect(profile.nodes.length).toBeGreaterThan(0);
    expect(profile.samples?.length).toBe(profile.timeDeltas?.length);
    await expect(profiler.profile(10)).resolves.toBeDefined();
  });
});
