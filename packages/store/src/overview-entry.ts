/** SQL of an OverviewEntry, from `chats c`, the caller's current `members m`, and `lastMessage`. */
export const overviewEntry = `wire_chat(c) || jsonb_build_object('last_message', last.wire, 'my_role', m.role, 'my_joined_seq', m.joined_seq,
  'read_message_no', m.read_message_no, 'unread_count', c.message_no - m.read_message_no)`;

/** The newest message that the caller may see, in any of their intervals: one index probe each. */
export const lastMessage = `LEFT JOIN LATERAL (
    SELECT wire_message(newest) AS wire, newest.date FROM members i CROSS JOIN LATERAL (
      SELECT * FROM messages x WHERE x.chat_id = i.chat_id AND x.seq >= i.joined_seq
        AND x.seq <= COALESCE(i.left_seq, 9223372036854775807) ORDER BY x.seq DESC LIMIT 1
    ) newest WHERE i.chat_id = c.id AND i.user_id = m.user_id ORDER BY newest.seq DESC LIMIT 1
  ) last ON true`;
