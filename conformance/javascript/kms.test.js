// The AWS SDK for JavaScript v3: replies become its types, and refusals its error classes.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisabledException,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  InvalidCiphertextException,
  KMSClient,
  KMSInvalidStateException,
  KMSServiceException,
  ListResourceTagsCommand,
  NotFoundException,
  paginateListKeys,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";

const kms = new KMSClient({ maxAttempts: 1 });
const plaintext = new TextEncoder().encode("größe");
const context = { tenant: "7", größe: "Ω" };
let key;

before(async () => {
  const reply = await kms.send(
    new CreateKeyCommand({ Description: "js", Tags: [{ TagKey: "a", TagValue: "b" }] }),
  );
  key = reply.KeyMetadata.Arn;
  assert.ok(reply.KeyMetadata.CreationDate instanceof Date);
});

const refused = (command, type, text) =>
  assert.rejects(kms.send(command), (error) => {
    assert.ok(error instanceof type, `${error.name} is no ${type.name}`);
    assert.ok(error instanceof KMSServiceException);
    assert.equal(error.$metadata.httpStatusCode, 400);
    if (text !== undefined) assert.equal(error.message, text);
    return true;
  });

test("a key is described, listed and tagged", async () => {
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key }));
  assert.equal(KeyMetadata.KeyState, "Enabled");
  const found = [];
  for await (const page of paginateListKeys({ client: kms, pageSize: 1 }, {})) {
    found.push(...page.Keys.map((entry) => entry.KeyArn));
  }
  assert.ok(found.includes(key));
  const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId: key }));
  assert.deepEqual(Tags, [{ TagKey: "a", TagValue: "b" }]);
});

test("what is encrypted with a context is decrypted with it alone", async () => {
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: key, Plaintext: plaintext, EncryptionContext: context }),
  );
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));
  assert.deepEqual(Buffer.from(opened.Plaintext), Buffer.from(plaintext));
  assert.equal(opened.KeyId, key);
  await refused(new DecryptCommand({ CiphertextBlob }), InvalidCiphertextException);
  const wrong = { ...context, tenant: "8" };
  await refused(
    new DecryptCommand({ CiphertextBlob, EncryptionContext: wrong }),
    InvalidCiphertextException,
  );
});

test("data keys come with and without plaintext", async () => {
  const request = { KeyId: key, KeySpec: "AES_256", EncryptionContext: context };
  const { Plaintext, CiphertextBlob } = await kms.send(new GenerateDataKeyCommand(request));
  assert.equal(Plaintext.length, 32);
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));
  assert.deepEqual(Buffer.from(opened.Plaintext), Buffer.from(Plaintext));
  const sealed = await kms.send(new GenerateDataKeyWithoutPlaintextCommand(request));
  assert.equal(sealed.Plaintext, undefined);
  const moved = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: sealed.CiphertextBlob,
      SourceEncryptionContext: context,
      DestinationKeyId: key,
    }),
  );
  assert.equal((await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }))).Plaintext.length, 32);
});

test("an alias names its key", async () => {
  await kms.send(new CreateAliasCommand({ AliasName: "alias/js", TargetKeyId: key }));
  const reply = await kms.send(new EncryptCommand({ KeyId: "alias/js", Plaintext: plaintext }));
  assert.equal(reply.KeyId, key);
});

test("refusals are instances of their classes", async () => {
  const absent = "11111111-2222-4333-8444-555555555555";
  const arn = key.replace(/key\/.*/, `key/${absent}`);
  await refused(
    new DescribeKeyCommand({ KeyId: absent }),
    NotFoundException,
    `Key '${arn}' does not exist`,
  );
  const encrypt = new EncryptCommand({ KeyId: key, Plaintext: plaintext });
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  await refused(encrypt, DisabledException, `${key} is disabled.`);
  await kms.send(new EnableKeyCommand({ KeyId: key }));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const doomed = KeyMetadata.Arn;
  const reply = await kms.send(new ScheduleKeyDeletionCommand({ KeyId: doomed, PendingWindowInDays: 7 }));
  assert.ok(reply.DeletionDate instanceof Date);
  await refused(
    new EncryptCommand({ KeyId: doomed, Plaintext: plaintext }),
    KMSInvalidStateException,
    `${doomed} is pending deletion.`,
  );
});
