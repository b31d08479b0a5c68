/** The states of a trade as docs/ARCHITECTURE.md draws them, from the table that the code obeys. */
import { TERMINAL_STATES, TRADE_STATES, TRADE_TRANSITIONS } from '../model/trade-state.js';

/** A Mermaid state diagram: every move of the table, and which states are ends. */
export function statePicture(): string {
  const lines = ['```mermaid', 'stateDiagram-v2', '    [*] --> accepted'];
  for (const from of TRADE_STATES) {
    for (const to of TRADE_TRANSITIONS[from]) lines.push(`    ${from} --> ${to}`);
    if (TERMINAL_STATES.has(from)) lines.push(`    ${from} --> [*]`);
  }
  return [...lines, '```'].join('\n');
}
