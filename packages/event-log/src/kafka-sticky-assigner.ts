import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import type { GroupMember } from './event-log.ts';
import { type AssignmentMember, assignPartitions } from './sticky-assigner.ts';

/** What the assigner asks the reader that it works for, at each join. */
type OwnMember = {
  readonly topic: string;
  readonly member: () => GroupMember;
  readonly owned: () => readonly number[];
  /** A join begins: it may last as long as the group waits for its slowest member. */
  readonly onJoin: () => void;
};

const version = 1;
const { MemberMetadata, MemberAssignment } = AssignerProtocol;

/** The sticky assignment as a kafkajs assigner. One name in the whole group: members with another one could not join. */
export function kafkaStickyAssigner(own: OwnMember): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'carillon-sticky',
    version,
    protocol({ topics }) {
      own.onJoin();
      const metadata = MemberMetadata.encode({ version, topics, userData: encodeMember(own.member(), own.owned()) });
      return { name: this.name, metadata };
    },
    async assign({ members }) {
      const partitionCount = cluster.findTopicPartitionMetadata(own.topic).length;
      const assignment = assignPartitions(
        members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata)),
        partitionCount,
      );
      return Array.from(assignment, ([memberId, partitions]) => ({ memberId, memberAssignment: encodeAssignment(own.topic, partitions) }));
    },
  });
}

function encodeAssignment(topic: string, partitions: number[]): Buffer {
  return MemberAssignment.encode({ version, assignment: { [topic]: partitions }, userData: Buffer.alloc(0) });
}

/** `weight` is 1: reserved for shards of different sizes. */
export function encodeMember(member: GroupMember, owned: readonly number[]): Buffer {
  return Buffer.from(JSON.stringify({ shardId: member.shardId, epoch: member.epoch, owned, state: member.state, weight: 1 }));
}

/** Whatever another program has put there: garbage makes a member that owns nothing yet, never an error. */
export function decodeMember(memberId: string, metadata: Buffer): AssignmentMember {
  const told = parseUserData(metadata);
  const { shardId, epoch, owned, state } = told;
  return {
    memberId,
    shardId: typeof shardId === 'string' ? shardId : memberId,
    epoch: typeof epoch === 'number' && Number.isFinite(epoch) ? epoch : 0,
    owned: Array.isArray(owned) ? owned.filter((partition) => typeof partition === 'number') : [],
    state: state === 'draining' ? 'draining' : 'active',
  };
}

type UserData = { shardId?: unknown; epoch?: unknown; owned?: unknown; state?: unknown };

function parseUserData(metadata: Buffer): UserData {
  try {
    const userData: unknown = JSON.parse((MemberMetadata.decode(metadata)?.userData ?? Buffer.alloc(0)).toString());
    return typeof userData === 'object' && userData !== null ? userData : {};
  } catch {
    return {};
  }
}
