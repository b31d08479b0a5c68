/** Which wallet a trade falls to, and what is said where none can take it. */
import { expect, it } from 'vitest';
import type { HotslotError } from '../src/errors/hotslot-error.js';
import { asAddress } from '../src/model/brands.js';
import { WalletChooser, type WalletFacts } from '../src/schedule/wallet-chooser.js';

const wallets = ['one', 'two'].map((name) => ({ name, address: asAddress(`${name}-address`) }));
const wish = { inputMint: asAddress('mint'), amountIn: 5n };

function chooser(facts: Partial<WalletFacts>): WalletChooser {
  return new WalletChooser(wallets, {
    liveTrades: () => 0,
    isFunded: () => true,
    isRead: () => true,
    heldBy: () => undefined,
    ...facts,
  });
}

const codeOf = (choose: () => unknown): string => {
  try {
    choose();
  } catch (error) {
    return (error as HotslotError).code;
  }
  return 'chosen';
};

it('takes turns among equals, and the one with fewer live trades before others', () => {
  const fair = chooser({});
  expect([1, 2, 3].map(() => fair.choose(wish).name)).toEqual(['one', 'two', 'one']);
  const busy = chooser({ liveTrades: (wallet) => (wallet === wallets[0]!.address ? 2 : 1) });
  expect([1, 2].map(() => busy.choose(wish).name)).toEqual(['two', 'two']);
});

it('does not call a wallet poor of which nothing is known yet', () => {
  const readOnly = (known: number) => ({
    isFunded: () => false,
    isRead: (wallet: string) => wallets.findIndex(({ address }) => address === wallet) < known,
  });
  expect(codeOf(() => chooser(readOnly(2)).choose(wish))).toBe('INSUFFICIENT_FUNDS');
  expect(codeOf(() => chooser(readOnly(1)).choose(wish))).toBe('NOT_READY');
  expect(codeOf(() => chooser(readOnly(1)).choose({ ...wish, named: 'one' }))).toBe('INSUFFICIENT_FUNDS');
  expect(codeOf(() => chooser(readOnly(1)).choose({ ...wish, named: 'two' }))).toBe('NOT_READY');
});

it('gives the trade to a wallet that is known to hold enough, whatever is not known of the others', () => {
  const first = wallets[0]!.address;
  const facts = {
    isFunded: (wallet: string) => wallet === first,
    isRead: (wallet: string) => wallet === first,
  };
  expect(chooser(facts).choose(wish).name).toBe('one');
});
