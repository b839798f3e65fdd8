import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { DeploymentFailure } from '../engine/deployment-failure.js';

/** Where nobody keeps repositories, but clouds answer with the machine's credentials. */
const NEVER = subnets(
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
  ['64:ff9b::', 96],
);
/** Reachable from this machine but not from where the organization sits: other services, the platform's own ports. */
const PRIVATE = subnets(
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['::1', 128],
  ['fc00::', 7],
);

/**
 * Addresses of the host of a git URL, looked up once: git is then told to use these, so that a name can't lead
 * elsewhere when it is looked up a second time.
 * @param privateAllowed whether this machine and its networks may be fetched from
 * @throws DeploymentFailure source_unavailable when it has none, or one that may not be fetched from
 */
export async function resolveGitHost(url: URL, privateAllowed: boolean): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let addresses: string[];
  try {
    addresses = (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  } catch (error) {
    throw new DeploymentFailure('source_unavailable', `the host ${host} has no address`, { cause: error });
  }
  for (const address of addresses) {
    if (listed(NEVER, address) || (!privateAllowed && listed(PRIVATE, address))) {
      throw new DeploymentFailure(
        'source_unavailable',
        `the host ${host} is in a private network, which this installation does not fetch from`,
      );
    }
  }
  return addresses;
}

function listed(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function subnets(...ranges: [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
