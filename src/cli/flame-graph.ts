/** A CPU profile as one HTML file that needs nothing else: a flame graph to click into, and the busiest functions. */

/** What is read of a profile in Chrome's format. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

export interface Flame {
  readonly name: string;
  /** Microseconds in it and below. */
  totalUs: number;
  /** Microseconds in itself. */
  selfUs: number;
  readonly children: Flame[];
}

export interface FunctionTime {
  readonly name: string;
  readonly selfUs: number;
}

/** Frames under this share of all are left out of the picture; they are too narrow to be seen. */
const LEAST_SHARE = 0.0005;
const TOP_FUNCTIONS = 40;
/** Not work: the thread waited, or the profiler was outside JavaScript. */
const NOT_WORK = new Set(['(idle)']);

/** The tree of a profile with its times; waiting left out, equal siblings joined. */
export function flameOf(profile: Profile): Flame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const selfUs = new Map<number, number>();
  profile.samples?.forEach((id, index) => {
    // A sample stands for the time until the next one.
    const us = Math.max(0, profile.timeDeltas?.[index + 1] ?? 0);
    selfUs.set(id, (selfUs.get(id) ?? 0) + us);
  });
  const root: Flame = { name: 'all', totalUs: 0, selfUs: 0, children: [] };
  const top = profile.nodes[0];
  // Depth first without recursion: stacks of a profile may be deep.
  const open: { readonly id: number; readonly into: Flame }[] = (top?.children ?? []).map((id) => ({
    id,
    into: root,
  }));
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const node = byId.get(one.id);
    if (node === undefined || NOT_WORK.has(node.callFrame.functionName)) continue;
    const name = nameOf(node.callFrame);
    let flame = one.into.children.find((sibling) => sibling.name === name);
    if (flame === undefined) {
      flame = { name, totalUs: 0, selfUs: 0, children: [] };
      one.into.children.push(flame);
    }
    flame.selfUs += selfUs.get(one.id) ?? 0;
    for (const id of node.children ?? []) open.push({ id, into: flame });
  }
  addUp(root);
  return root;
}

/** The functions in which most time was spent, the busiest first. */
export function busiest(root: Flame): FunctionTime[] {
  const times = new Map<string, number>();
  const open = [...root.children];
  for (let flame = open.pop(); flame !== undefined; flame = open.pop()) {
    times.set(flame.name, (times.get(flame.name) ?? 0) + flame.selfUs);
    open.push(...flame.children);
  }
  return [...times]
    .map(([name, selfUs]) => ({ name, selfUs }))
    .sort((a, b) => b.selfUs - a.selfUs)
    .slice(0, TOP_FUNCTIONS);
}

export function flameGraphHtml(profile: Profile, title: string): string {
  const root = flameOf(profile);
  const data = JSON.stringify(packed(root, root.totalUs * LEAST_SHARE)).replaceAll('<', '\\u003c');
  const rows = busiest(root).map(
    ({ name, selfUs }) =>
      `<tr><td>${((selfUs / Math.max(1, root.totalUs)) * 100).toFixed(1)} %</td><td>${(selfUs / 1000).toFixed(1)} ms</td><td>${escaped(name)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>
body{font:13px/1.4 system-ui,sans-serif;margin:16px;color:#24292f;background:#fff}
h1{font-size:16px;margin:0 0 4px}p{margin:0 0 12px;color:#57606a}
#flame{position:relative;border:1px solid #d0d7de;overflow:hidden}
#flame div{position:absolute;height:17px;font-size:11px;line-height:17px;padding:0 3px;box-sizing:border-box;overflow:hidden;white-space:nowrap;border-right:1px solid #fff;border-bottom:1px solid #fff;cursor:pointer}
table{border-collapse:collapse;margin-top:16px}td{padding:1px 12px 1px 0;font-variant-numeric:tabular-nums}
</style></head><body>
<h1>${escaped(title)}</h1><p>Main thread, ${(root.totalUs / 1000).toFixed(0)} ms of work; waiting is left out. Click a frame to look into it, the lowest one to go back.</p>
<div id="flame"></div>
<table>${rows.join('')}</table>
<script>
const root=${data};
const box=document.getElementById('flame');
function hue(name){let h=0;for(const c of name)h=(h*31+c.charCodeAt(0))>>>0;return h%60}
function show(top){box.textContent='';let deepest=0;const width=box.clientWidth;
const draw=(node,left,level)=>{deepest=Math.max(deepest,level);const share=node[1]/top[1];if(share*width<1.5)return;
const one=document.createElement('div');one.style.left=left*100+'%';one.style.width=share*100+'%';one.style.top=level*17+'px';
one.style.background='hsl('+hue(node[0])+' 80% 72%)';one.textContent=node[0];
one.title=node[0]+'\\n'+(node[1]/1000).toFixed(2)+' ms, '+(node[1]/root[1]*100).toFixed(2)+' % of all';
one.onclick=()=>show(level===0?root:node);box.append(one);
let at=left;for(const child of node[2]){draw(child,at,level+1);at+=child[1]/top[1]}};
draw(top,0,0);box.style.height=(deepest+1)*17+'px'}
show(root);addEventListener('resize',()=>show(root));
</script></body></html>
`;
}

type Packed = readonly [name: string, totalUs: number, children: readonly Packed[]];

function packed(flame: Flame, leastUs: number): Packed {
  const children = flame.children
    .filter((child) => child.totalUs >= leastUs)
    .sort((a, b) => b.totalUs - a.totalUs)
    .map((child) => packed(child, leastUs));
  return [flame.name, flame.totalUs, children];
}

function addUp(root: Flame): void {
  const order: Flame[] = [];
  const open = [root];
  for (let flame = open.pop(); flame !== undefined; flame = open.pop()) {
    order.push(flame);
    open.push(...flame.children);
  }
  for (const flame of order.reverse()) {
    flame.totalUs = flame.children.reduce((sum, child) => sum + child.totalUs, flame.selfUs);
  }
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  // Enough of the path to tell files apart, and nothing of the machine.
  const file = url.split('/').slice(-2).join('/');
  return `${name} ${file}:${lineNumber + 1}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
