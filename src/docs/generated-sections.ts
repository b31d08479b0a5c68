/** Parts of the documentation that are made from code: each between two comments that name it. */

/** What a section holds now, by its name. */
export interface Sections {
  readonly [name: string]: () => string;
}

const begin = (name: string) => `<!-- generated: ${name}; change the code, then npm run docs -->`;
const end = (name: string) => `<!-- end: ${name} -->`;

/**
 * Writes every section anew.
 * @throws Error where a page names a section that nothing makes, or does not end one
 */
export function renderSections(page: string, sections: Sections): string {
  let text = page;
  for (const [, name = ''] of page.matchAll(/<!-- generated: ([a-z-]+);/g)) {
    const make = sections[name];
    const from = text.indexOf(begin(name));
    const to = text.indexOf(end(name), from);
    if (make === undefined || from < 0 || to < 0) throw new Error(`the section ${name} cannot be made`);
    text = `${text.slice(0, from)}${begin(name)}\n\n${make().trim()}\n\n${text.slice(to)}`;
  }
  return text;
}
