/** The table of alerts as the runbook shows it, as Prometheus' rules, and as the tests of those rules. */
import { ALERTS, type AlertRule } from '../alerts/alert-table.js';

const RULES_FILE = 'hotslot.rules.yml';
const MS_A_SECOND = 1_000;
const MADE = '# Made from src/alerts/alert-table.ts by `npm run docs`; change the table.';
/** Steps of the rules' tests. */
const STEP_S = 10;

export function alertTable(): string {
  const rows = ALERTS.map(({ name, severity, fires, threshold, clearAt, clearHoldMs, unit, summary }) => {
    const figure = (value: number) => `${value}${unit === '' ? '' : ` ${unit}`}`;
    const side = fires === 'above' ? 'over' : 'under';
    const within = fires === 'above' ? 'at most' : 'at least';
    const hold = clearHoldMs === 0 ? '' : ` for ${clearHoldMs / MS_A_SECOND} s`;
    return `| \`${name}\` | ${severity} | ${side} ${figure(threshold)} | ${within} ${figure(clearAt)}${hold} | ${summary} |`;
  });
  return ['| alert | severity | fires | over when | |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** An alert that fires goes on until its figure is well, as in the executor: `ALERTS` is what Prometheus knows of that. */
export function alertRules(): string {
  return [MADE, 'groups:', '  - name: hotslot', '    rules:', ...ALERTS.flatMap(ruleLines), ''].join('\n');
}

function ruleLines(rule: AlertRule): string[] {
  const { name, severity, fires, threshold, clearAt, clearHoldMs, metric, summary } = rule;
  const sign = fires === 'above' ? '>' : '<';
  const begins = `${metric} ${sign} ${exported(rule, threshold)}`;
  const firing = `ALERTS{alertname="${name}",alertstate="firing"}`;
  const lasts = `(${metric} ${sign} ${exported(rule, clearAt)} and ignoring(alertname, alertstate, severity) ${firing})`;
  return [
    `      - alert: ${name}`,
    `        expr: ${clearAt === threshold ? begins : `${begins} or ${lasts}`}`,
    ...(clearHoldMs === 0 ? [] : [`        keep_firing_for: ${clearHoldMs / MS_A_SECOND}s`]),
    '        labels:',
    `          severity: ${severity}`,
    '        annotations:',
    `          summary: ${JSON.stringify(summary)}`,
    `          description: ${JSON.stringify(`${metric} of {{ $labels.instance }} is {{ $value }}.`)}`,
  ];
}

/** Each rule at the last good value, the first bad one, one that is not well yet, and well. */
export function alertRuleTests(): string {
  return [
    MADE,
    'rule_files:',
    `  - ${RULES_FILE}`,
    `evaluation_interval: ${STEP_S}s`,
    'tests:',
    ...ALERTS.flatMap(testLines),
    '',
  ].join('\n');
}

function testLines(rule: AlertRule): string[] {
  const { name, threshold, clearAt, clearHoldMs, metric, fires } = rule;
  const worse = fires === 'above' ? 1 : -1;
  const values = [
    threshold,
    threshold,
    threshold + worse,
    threshold + worse,
    clearAt === threshold ? threshold + worse : clearAt + worse / 2,
    ...Array.from({ length: 5 }, () => clearAt),
  ].map((value) => exported(rule, value));
  const atSeconds = (step: number) => step * STEP_S;
  const firing = (step: number) => expectation(rule, atSeconds(step), values[step]!);
  const quiet = (step: number) => [`      - alertname: ${name}`, `        eval_time: ${atSeconds(step)}s`];
  return [
    `  - name: ${name}`,
    `    interval: ${STEP_S}s`,
    '    input_series:',
    `      - series: ${metric}{instance="one"}`,
    `        values: ${values.join(' ')}`,
    '    alert_rule_test:',
    ...quiet(1),
    ...firing(2),
    ...firing(4),
    // While it is kept firing its last bad value stands.
    ...(clearHoldMs === 0 ? quiet(5) : expectation(rule, atSeconds(5), values[4]!)),
    ...quiet(9),
  ];
}

function expectation({ name, severity, metric, summary }: AlertRule, evalSeconds: number, value: string) {
  return [
    `      - alertname: ${name}`,
    `        eval_time: ${evalSeconds}s`,
    '        exp_alerts:',
    `          - exp_labels: { severity: ${severity}, instance: one }`,
    '            exp_annotations:',
    `              summary: ${JSON.stringify(summary)}`,
    `              description: ${JSON.stringify(`${metric} of one is ${value}.`)}`,
  ];
}

/** In the units in which /metrics has it. */
function exported({ metricScale }: AlertRule, value: number): string {
  return String(Number((value * metricScale).toPrecision(12)));
}
