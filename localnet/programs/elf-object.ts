/** Reads the parts of a relocatable ELF object (`clang -target bpf -c`) that the linker needs. */

/** ELF64 offsets and sizes, from the System V ABI. */
const HEADER = { sectionTable: 40, sectionCount: 60, sectionNames: 62 } as const;
const SECTION_LENGTH = 64;
const SYMBOL_LENGTH = 24;
const RELOCATION_LENGTH = 16;
const SECTION_TYPE_SYMBOLS = 2;
const RELOCATION_CALL = 10; // R_BPF_64_32
const UNDEFINED = 0;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly link: number;
  readonly bytes: Buffer;
}

interface ObjectSymbol {
  readonly name: string;
  readonly section: number;
  readonly value: number;
}

export interface ProgramObject {
  readonly code: Buffer;
  /** Byte offset of `entrypoint` in the code. */
  readonly entry: number;
  /** Calls out of the program, in the order of the code: where the call is, and the syscall's name. */
  readonly syscalls: readonly { readonly offset: number; readonly name: string }[];
}

function cString(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset, bytes.indexOf(0, offset));
}

function readSections(file: Buffer): Section[] {
  const table = Number(file.readBigUInt64LE(HEADER.sectionTable));
  const heads = Array.from({ length: file.readUInt16LE(HEADER.sectionCount) }, (_, i) => {
    const at = table + i * SECTION_LENGTH;
    const offset = Number(file.readBigUInt64LE(at + 24));
    const size = Number(file.readBigUInt64LE(at + 32));
    const bytes = file.subarray(offset, offset + size);
    return {
      nameAt: file.readUInt32LE(at),
      type: file.readUInt32LE(at + 4),
      link: file.readUInt32LE(at + 40),
      bytes,
    };
  });
  const names = heads[file.readUInt16LE(HEADER.sectionNames)];
  if (names === undefined) throw new Error('object file has no section names');
  return heads.map(({ nameAt, ...head }) => ({ ...head, name: cString(names.bytes, nameAt) }));
}

function readSymbols(sections: readonly Section[]): ObjectSymbol[] {
  const table = sections.find((section) => section.type === SECTION_TYPE_SYMBOLS);
  const strings = table && sections[table.link];
  if (table === undefined || strings === undefined) throw new Error('object file has no symbols');
  return Array.from({ length: table.bytes.length / SYMBOL_LENGTH }, (_, i) => {
    const at = i * SYMBOL_LENGTH;
    return {
      name: cString(strings.bytes, table.bytes.readUInt32LE(at)),
      section: table.bytes.readUInt16LE(at + 6),
      value: Number(table.bytes.readBigUInt64LE(at + 8)),
    };
  });
}

/** Throws Error for anything but code that calls syscalls: data sections and calls of other objects have no place. */
export function readProgramObject(file: Buffer): ProgramObject {
  const sections = readSections(file);
  const data = sections.find(({ name, bytes }) => /^\.(data|bss|rodata)/.test(name) && bytes.length > 0);
  if (data !== undefined)
    throw new Error(`the program has a ${data.name} section; use immediates and the heap`);
  const text = sections.find(({ name }) => name === '.text');
  if (text === undefined) throw new Error('object file has no code');
  const symbols = readSymbols(sections);
  const entry = symbols.find(({ name }) => name === 'entrypoint');
  if (entry === undefined) throw new Error('the program has no entrypoint');

  const relocations = sections.find(({ name }) => name === '.rel.text')?.bytes ?? Buffer.alloc(0);
  const syscalls = Array.from({ length: relocations.length / RELOCATION_LENGTH }, (_, i) => {
    const at = i * RELOCATION_LENGTH;
    const type = relocations.readUInt32LE(at + 8);
    const symbol = symbols[relocations.readUInt32LE(at + 12)];
    // Calls within .text are relative and come resolved; what is left must be a syscall.
    if (type !== RELOCATION_CALL || symbol === undefined || symbol.section !== UNDEFINED) {
      throw new Error(`relocation of type ${type} against ${symbol?.name ?? 'nothing'} is not supported`);
    }
    return { offset: Number(relocations.readBigUInt64LE(at)), name: symbol.name };
  });
  return { code: text.bytes, entry: entry.value, syscalls };
}
