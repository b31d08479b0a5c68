/**
 * Writes a program as the shared object that Solana's loader takes (sBPF version 0): ELF64, machine BPF, one code
 * segment, and a dynamic section whose relocations name the syscalls.
 */
import type { ProgramObject } from './elf-object.js';

const ELF_HEADER_LENGTH = 64;
const PROGRAM_HEADER_LENGTH = 56;
const SECTION_HEADER_LENGTH = 64;
const SYMBOL_LENGTH = 24;
const RELOCATION_LENGTH = 16;
const DYNAMIC_LENGTH = 16;
const ALIGNMENT = 8;
const PAGE = 4096n;
const MACHINE_BPF = 247;
const TYPE_SHARED_OBJECT = 3;
const RELOCATION_CALL = 10;
const GLOBAL_UNTYPED = 0x10;
const GLOBAL_FUNCTION = 0x12;
const SEGMENT = { load: 1, dynamic: 2 } as const;
const FLAG = { execute: 1, write: 2, read: 4 } as const;
const TAG = {
  end: 0,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  symbolSize: 11,
  rel: 17,
  relSize: 18,
  relEntry: 19,
  flags: 30,
} as const;
const FLAG_TEXT_RELOCATIONS = 4;

/** Sections in file order, which is also the order of their headers; index 0 is the null section. */
const SECTIONS = ['.text', '.dynamic', '.dynsym', '.dynstr', '.rel.dyn', '.shstrtab'] as const;
type SectionName = (typeof SECTIONS)[number];
const SECTION_KIND: Record<
  SectionName,
  { type: number; flags: number; link?: SectionName; info?: number; entry?: number }
> = {
  '.text': { type: 1, flags: 6 },
  '.dynamic': { type: 6, flags: 3, link: '.dynstr', entry: DYNAMIC_LENGTH },
  '.dynsym': { type: 11, flags: 2, link: '.dynstr', info: 1, entry: SYMBOL_LENGTH },
  '.dynstr': { type: 3, flags: 2 },
  '.rel.dyn': { type: 9, flags: 2, link: '.dynsym', entry: RELOCATION_LENGTH },
  '.shstrtab': { type: 3, flags: 0 },
};

interface Place {
  readonly offset: number;
  readonly size: number;
}

const align = (value: number): number => Math.ceil(value / ALIGNMENT) * ALIGNMENT;
const sectionIndex = (name: SectionName): number => SECTIONS.indexOf(name) + 1;

/** Strings one after the other behind an empty one, and where each begins. */
function stringTable(strings: readonly string[]): { bytes: Buffer; at: (text: string) => number } {
  const joined = `\0${strings.map((text) => `${text}\0`).join('')}`;
  return { bytes: Buffer.from(joined, 'latin1'), at: (text) => joined.indexOf(`\0${text}\0`) + 1 };
}

class Output {
  readonly bytes: Buffer;
  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }
  u16(at: number, value: number): void {
    this.bytes.writeUInt16LE(value, at);
  }
  u32(at: number, value: number): void {
    this.bytes.writeUInt32LE(value, at);
  }
  u64(at: number, value: number | bigint): void {
    this.bytes.writeBigUInt64LE(BigInt(value), at);
  }
}

function writeHeader(out: Output, entry: number, segments: number, sectionTable: number): void {
  out.bytes.write('\x7fELF', 'latin1');
  out.bytes.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  out.u16(16, TYPE_SHARED_OBJECT);
  out.u16(18, MACHINE_BPF);
  out.u32(20, 1);
  out.u64(24, entry);
  out.u64(32, ELF_HEADER_LENGTH);
  out.u64(40, sectionTable);
  out.u16(52, ELF_HEADER_LENGTH);
  out.u16(54, PROGRAM_HEADER_LENGTH);
  out.u16(56, segments);
  out.u16(58, SECTION_HEADER_LENGTH);
  out.u16(60, SECTIONS.length + 1);
  out.u16(62, sectionIndex('.shstrtab'));
}

function writeSegments(out: Output, places: Record<SectionName, Place>): void {
  const dynamicEnd = places['.rel.dyn'].offset + places['.rel.dyn'].size;
  const linking: Place = { offset: places['.dynamic'].offset, size: dynamicEnd - places['.dynamic'].offset };
  const segments = [
    { type: SEGMENT.load, flags: FLAG.read | FLAG.execute, place: places['.text'] },
    { type: SEGMENT.load, flags: FLAG.read, place: linking },
    { type: SEGMENT.dynamic, flags: FLAG.read | FLAG.write, place: places['.dynamic'] },
  ];
  for (const [i, { type, flags, place }] of segments.entries()) {
    const at = ELF_HEADER_LENGTH + i * PROGRAM_HEADER_LENGTH;
    out.u32(at, type);
    out.u32(at + 4, flags);
    // File offset, virtual and physical address are the same; so are the two sizes.
    for (const field of [8, 16, 24]) out.u64(at + field, place.offset);
    for (const field of [32, 40]) out.u64(at + field, place.size);
    out.u64(at + 48, type === SEGMENT.load ? PAGE : ALIGNMENT);
  }
}

function writeSectionHeaders(
  out: Output,
  table: number,
  places: Record<SectionName, Place>,
  nameAt: (name: string) => number,
): void {
  for (const name of SECTIONS) {
    const at = table + sectionIndex(name) * SECTION_HEADER_LENGTH;
    const kind = SECTION_KIND[name];
    out.u32(at, nameAt(name));
    out.u32(at + 4, kind.type);
    out.u64(at + 8, kind.flags);
    out.u64(at + 16, name === '.shstrtab' ? 0 : places[name].offset);
    out.u64(at + 24, places[name].offset);
    out.u64(at + 32, places[name].size);
    out.u32(at + 40, kind.link === undefined ? 0 : sectionIndex(kind.link));
    out.u32(at + 44, kind.info ?? 0);
    out.u64(at + 48, ALIGNMENT);
    out.u64(at + 56, kind.entry ?? 0);
  }
}

function dynamicEntries(places: Record<SectionName, Place>): [number, number][] {
  return [
    [TAG.flags, FLAG_TEXT_RELOCATIONS],
    [TAG.rel, places['.rel.dyn'].offset],
    [TAG.relSize, places['.rel.dyn'].size],
    [TAG.relEntry, RELOCATION_LENGTH],
    [TAG.symbolTable, places['.dynsym'].offset],
    [TAG.symbolSize, SYMBOL_LENGTH],
    [TAG.stringTable, places['.dynstr'].offset],
    [TAG.stringSize, places['.dynstr'].size],
    [TAG.end, 0],
  ];
}

/** Number of entries of `dynamicEntries`, which needs the layout that depends on it. */
const DYNAMIC_COUNT = 9;
const SEGMENT_COUNT = 3;

function layOut(sizes: Record<SectionName, number>): { places: Record<SectionName, Place>; end: number } {
  let at = ELF_HEADER_LENGTH + SEGMENT_COUNT * PROGRAM_HEADER_LENGTH;
  const place = (name: SectionName): Place => {
    const offset = align(at);
    at = offset + sizes[name];
    return { offset, size: sizes[name] };
  };
  const entries = SECTIONS.map((name) => [name, place(name)] as const);
  return { places: Object.fromEntries(entries) as Record<SectionName, Place>, end: align(at) };
}

/** Links an object into the bytes that are deployed. The same object gives the same bytes. */
export function linkSharedObject(object: ProgramObject): Buffer {
  const syscalls = [...new Set(object.syscalls.map(({ name }) => name))];
  const strings = stringTable([...syscalls, 'entrypoint']);
  const sectionNames = stringTable(SECTIONS);
  const { places, end } = layOut({
    '.text': object.code.length,
    '.dynamic': DYNAMIC_COUNT * DYNAMIC_LENGTH,
    '.dynsym': (syscalls.length + 2) * SYMBOL_LENGTH,
    '.dynstr': strings.bytes.length,
    '.rel.dyn': object.syscalls.length * RELOCATION_LENGTH,
    '.shstrtab': sectionNames.bytes.length,
  });
  const out = new Output(end + (SECTIONS.length + 1) * SECTION_HEADER_LENGTH);
  const entry = places['.text'].offset + object.entry;
  writeHeader(out, entry, SEGMENT_COUNT, end);
  writeSegments(out, places);
  writeSectionHeaders(out, end, places, sectionNames.at);
  out.bytes.set(object.code, places['.text'].offset);
  out.bytes.set(strings.bytes, places['.dynstr'].offset);
  out.bytes.set(sectionNames.bytes, places['.shstrtab'].offset);

  for (const [i, [tag, value]] of dynamicEntries(places).entries()) {
    out.u64(places['.dynamic'].offset + i * DYNAMIC_LENGTH, tag);
    out.u64(places['.dynamic'].offset + i * DYNAMIC_LENGTH + 8, value);
  }
  const symbolAt = (index: number): number => places['.dynsym'].offset + index * SYMBOL_LENGTH;
  for (const [i, name] of syscalls.entries()) {
    out.u32(symbolAt(i + 1), strings.at(name));
    out.bytes[symbolAt(i + 1) + 4] = GLOBAL_UNTYPED;
  }
  const own = symbolAt(syscalls.length + 1);
  out.u32(own, strings.at('entrypoint'));
  out.bytes[own + 4] = GLOBAL_FUNCTION;
  out.u16(own + 6, sectionIndex('.text'));
  out.u64(own + 8, entry);
  for (const [i, { offset, name }] of object.syscalls.entries()) {
    const at = places['.rel.dyn'].offset + i * RELOCATION_LENGTH;
    out.u64(at, places['.text'].offset + offset);
    out.u32(at + 8, RELOCATION_CALL);
    out.u32(at + 12, syscalls.indexOf(name) + 1);
  }
  return out.bytes;
}
