"""Makes keys of a kind in a state, remembers them, and brings them back into their state."""

import uuid

from botocore.exceptions import ClientError

import clients

from . import material
from .kinds import CHINA, OTHER_REGION, REGION, SERVICE, SYMMETRIC, Kind

ABSENT = "absent"
MESSAGE = b"a message"
# Looks at a key that is on its way into a state, before we give up.
LOOKS_MAX = 2000

class Key:
    """A key, the state it is kept in, and what was made with it while it was enabled."""

    def __init__(self, world, kind, state, arn):
        self.world, self.kind, self.state, self.arn = world, kind, state, arn
        self.samples = {}

    @property
    def kms(self):
        return self.world.kms(self.kind.region)

    @property
    def key_id(self):
        """What names the key in a request."""
        return self.arn.rsplit("/", 1)[1] if self.state == ABSENT else self.arn

    @property
    def caller(self):
        partition = self.arn.split(":")[1]
        return f"arn:{partition}:iam::{self.world.account}:root"

    def sample(self, name):
        """What was made with the key, or the error that kept it from being made."""
        value = self.samples[name]
        if isinstance(value, Exception):
            raise value
        return value

    def current_state(self):
        return self.kms.describe_key(KeyId=self.arn)["KeyMetadata"]["KeyState"]


class World:
    """The account of the table, with all of its keys."""

    def __init__(self):
        self.account = clients.fresh_account()
        self.clients, self.keys, self.partners = {}, {}, {}

    def kms(self, region=REGION):
        if region not in self.clients:
            self.clients[region] = clients.kms(self.account, region)
        return self.clients[region]

    def key(self, kind, state):
        """The one key of a kind that is kept in a state. One that cannot be made is not tried again."""
        if (kind, state) not in self.keys:
            try:
                self.keys[kind, state] = self.make(kind, state)
            except (AssertionError, ClientError) as error:
                self.keys[kind, state] = error
        if isinstance(self.keys[kind, state], Exception):
            raise self.keys[kind, state]
        return self.keys[kind, state]

    def made(self):
        """The keys there are."""
        keys = (key for key in self.keys.values() if isinstance(key, Key))
        return [key for key in keys if key.state != ABSENT]

    def make(self, kind, state):
        if state == ABSENT:
            return absent_key(self, kind)
        if kind.manager == "AWS":
            return managed_key(self, kind)
        key = create(self, kind, state)
        collect_samples(key)
        bring(key, state)
        return key

    def partner(self, region):
        """An enabled symmetric key beside the one under test, with a ciphertext in its samples."""
        if region not in self.partners:
            kind = Kind(SYMMETRIC.spec, SYMMETRIC.usage, region=region)
            self.partners[region] = self.make(kind, "Enabled")
        return self.partners[region]


def absent_key(world, kind):
    number = uuid.uuid4()
    key_id = f"mrk-{number.hex}" if kind.multi_region else str(number)
    return Key(world, kind, ABSENT, f"{world.partner(kind.region).arn.rsplit('/', 1)[0]}/{key_id}")


def managed_key(world, kind):
    metadata = world.kms(kind.region).describe_key(KeyId=f"alias/aws/{SERVICE}")["KeyMetadata"]
    return Key(world, kind, "Enabled", metadata["Arn"])


def create(world, kind, state):
    """An enabled key; the primary among related keys has a replica unless that keeps it from `state`."""
    home = OTHER_REGION if kind.place == "replica" else kind.region
    metadata = world.kms(home).create_key(
        KeySpec=kind.spec, KeyUsage=kind.usage, Origin=kind.origin, MultiRegion=kind.multi_region,
    )["KeyMetadata"]
    key = Key(world, kind, state, metadata["Arn"])
    if kind.external:
        import_material(world.kms(home), kind, key.arn)
    if kind.place == "replica":
        key.arn = replicate(world, kind, key.arn, home, kind.region)
    elif kind.place == "primary" and state != "PendingDeletion":
        replicate(world, kind, key.arn, home, OTHER_REGION)
    return key


def replicate(world, kind, arn, source, destination):
    reply = world.kms(source).replicate_key(KeyId=arn, ReplicaRegion=destination)
    replica = reply["ReplicaKeyMetadata"]["Arn"]
    settle(world.kms(destination), replica)
    if kind.external:
        import_material(world.kms(destination), kind, replica)
    return replica


def import_material(kms, kind, arn):
    parameters = kms.get_parameters_for_import(KeyId=arn, **material.wrapping(kind.spec))
    kms.import_key_material(KeyId=arn, **material.wrap(kind.spec, parameters))


def settle(kms, arn):
    """Waits until a key is no longer in one of the states that pass by themselves."""
    for _ in range(LOOKS_MAX):
        metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
        if metadata["KeyState"] not in ("Creating", "Updating"):
            return metadata
    raise AssertionError(f"{arn} stays {metadata['KeyState']}")


def enable(key):
    """Brings a key that may be in any state to Enabled."""
    kms, metadata = key.kms, settle(key.kms, key.arn)
    if metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
        kms.cancel_key_deletion(KeyId=key.arn)
        metadata = settle(kms, key.arn)
    if metadata["KeyState"] == "PendingImport":
        import_material(kms, key.kind, key.arn)
    elif metadata["KeyState"] == "Disabled":
        kms.enable_key(KeyId=key.arn)


def bring(key, state):
    """Brings a key that may be in any state to `state`."""
    if key.current_state() == state:
        return
    enable(key)
    if state == "Disabled":
        key.kms.disable_key(KeyId=key.arn)
    elif state in ("PendingDeletion", "PendingReplicaDeletion"):
        key.kms.schedule_key_deletion(KeyId=key.arn, PendingWindowInDays=7)
    elif state == "PendingImport":
        key.kms.delete_imported_key_material(KeyId=key.arn)
    found = settle(key.kms, key.arn)["KeyState"]
    assert found == state, f"{key.arn} is {found}, not {state}"


def make_primary_again(key):
    """Undoes UpdatePrimaryRegion."""
    metadata = settle(key.kms, key.arn)
    if metadata["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY":
        return
    primary = metadata["MultiRegionConfiguration"]["PrimaryKey"]
    kms = key.world.kms(primary["Region"])
    settle(kms, primary["Arn"])
    kms.update_primary_region(KeyId=primary["Arn"], PrimaryRegion=key.kind.region)
    settle(kms, primary["Arn"])
    settle(key.kms, key.arn)


def new_alias():
    return f"alias/table/{uuid.uuid4()}"


def sample_alias(key):
    name = new_alias()
    key.kms.create_alias(AliasName=name, TargetKeyId=key.arn)
    return name


def sample_grant(key):
    reply = key.kms.create_grant(KeyId=key.arn, GranteePrincipal=key.caller, Operations=["DescribeKey"])
    return reply["GrantId"]


def sample_import(key):
    if not key.kind.external:
        return None
    parameters = key.kms.get_parameters_for_import(KeyId=key.arn, **material.wrapping(key.kind.spec))
    return material.wrap(key.kind.spec, parameters)


def sample_output(key):
    """What the key makes of the message and only the key can take back: ciphertext, signature, tag or secret."""
    kms, algorithm = key.kms, key.kind.algorithm
    match key.kind.usage:
        case "ENCRYPT_DECRYPT":
            return kms.encrypt(KeyId=key.arn, Plaintext=MESSAGE, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        case "SIGN_VERIFY":
            return kms.sign(KeyId=key.arn, Message=MESSAGE, SigningAlgorithm=algorithm)["Signature"]
        case "GENERATE_VERIFY_MAC":
            return kms.generate_mac(KeyId=key.arn, Message=MESSAGE, MacAlgorithm=algorithm)["Mac"]
        case "ENCAPSULATE_DECAPSULATE":
            reply = kms.encapsulate(KeyId=key.arn, EncapsulationAlgorithm=algorithm)
            return reply["SharedSecretCiphertextBlob"]
        case "KEY_AGREEMENT":
            return sample_public_key(key)


def sample_public_key(key):
    """Somebody else's public key on the key's curve. Our own library has no SM2."""
    if key.kind.spec != "SM2":
        return material.public_key(key.kind.spec)
    other = key.world.kms(CHINA).create_key(KeySpec="SM2", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["Arn"]
    return key.world.kms(CHINA).get_public_key(KeyId=other)["PublicKey"]


SAMPLES = {
    "output": sample_output,
    "doomed alias": sample_alias,
    "moving alias": sample_alias,
    "arriving alias": sample_alias,
    "grant to revoke": sample_grant,
    "grant to retire": sample_grant,
    "import": sample_import,
}


def collect_samples(key):
    """What some operations need of a key, made while it is enabled. A failure shows where it is needed."""
    for name, make in SAMPLES.items():
        try:
            key.samples[name] = make(key)
        except ClientError as error:
            key.samples[name] = error
