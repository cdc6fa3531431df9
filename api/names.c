/* SPDX-License-Identifier: ISC */
/* The words of public names. They are read aloud over telephones and printed on slides: short, easy to spell,
 * and pleasant in any pairing. Adding words at any place is safe, names that were issued are stored. */
#include "api/names.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

/* clang-format off */
static const char *const first_words[] = {
	"active", "agile", "airy", "alpine", "amber", "ample", "ancient", "aqua", "arctic",
	"ardent", "artful", "astral", "autumn", "avid", "azure", "balmy", "bay", "beaming",
	"better", "big", "blazing", "blissful", "blooming", "blue", "bold", "bonny", "bouncy",
	"brave", "breezy", "bright", "brisk", "broad", "bronze", "bubbly", "calm", "candid",
	"caring", "carmine", "cedar", "cheery", "chief", "chilly", "chirpy", "chosen", "citrus",
	"civic", "clean", "clear", "clever", "cloudless", "cloudy", "coastal", "cobalt", "cool",
	"copper", "coral", "cordial", "cosmic", "cosy", "cozy", "crafty", "creamy", "crimson",
	"crisp", "crystal", "curious", "curly", "daily", "dainty", "dapper", "daring", "dark",
	"dashing", "dawning", "dear", "deep", "deft", "dewy", "distant", "divine", "downy",
	"dreamy", "dry", "dusky", "dusty", "eager", "early", "earnest", "earthy", "eastern",
	"elated", "elegant", "emerald", "epic", "equal", "eternal", "even", "evening", "exact",
	"fabled", "fair", "faithful", "famous", "fancy", "far", "fast", "fearless", "festive",
	"fine", "first", "fleet", "floral", "flowing", "fluent", "fluffy", "foggy", "fond",
	"forest", "formal", "frank", "free", "fresh", "friendly", "frosty", "fruity", "full",
	"funny", "furry", "gallant", "genial", "gentle", "giant", "gifted", "gilded", "glad",
	"gleaming", "glossy", "glowing", "golden", "good", "grand", "grassy", "grateful",
	"great", "green", "groovy", "handy", "happy", "hardy", "hazel", "hazy", "healthy",
	"hearty", "helpful", "hidden", "high", "hilly", "honest", "hopeful", "humble", "humming",
	"icy", "ideal", "indigo", "inland", "inner", "iron", "ivory", "jade", "jaunty", "jolly",
	"jovial", "joyful", "joyous", "jubilant", "keen", "kind", "kingly", "large", "lasting",
	"lavender", "leafy", "lemon", "level", "light", "lilac", "lime", "limpid", "little",
	"lively", "lofty", "long", "lovely", "loyal", "lucid", "lucky", "lunar", "lush", "magic",
	"mango", "maple", "marine", "mellow", "merry", "mighty", "mild", "mint", "misty",
	"modern", "modest", "mossy", "muddy", "musical", "mystic", "narrow", "natural", "navy",
	"neat", "new", "nice", "nimble", "noble", "northern", "novel", "oaken", "oceanic",
	"olive", "open", "orange", "orderly", "outer", "pale", "patient", "peaceful", "pearly",
	"perky", "pine", "pink", "placid", "plain", "playful", "pleasant", "plucky", "plum",
	"plush", "polar", "polished", "polite", "prime", "proud", "pure", "purple", "quick",
	"quiet", "quirky", "radiant", "rainy", "rapid", "ready", "regal", "restless", "rich",
	"rising", "robust", "rocky", "roomy", "rosy", "round", "royal", "ruby", "rural",
	"russet", "rustic", "safe", "saffron", "sandy", "sapphire", "scarlet", "scenic",
	"serene", "shady", "sharp", "shining", "shiny", "silent", "silky", "silver", "simple",
	"sleek", "sleepy", "smart", "smooth", "snowy", "snug", "soaring", "soft", "solar",
	"solid", "sonic", "southern", "sparkling", "spicy", "spring", "spry", "square", "stable",
	"starry", "steady", "steep", "stellar", "still", "stout", "strong", "sturdy", "subtle",
	"summer", "sunny", "super", "swift", "tall", "tame", "tawny", "teal", "tender", "tidal",
	"tidy", "timeless", "tiny", "tranquil", "tropical", "true", "trusty", "twilight",
	"upbeat", "upper", "urban", "valiant", "vast", "velvet", "verdant", "vernal", "vibrant",
	"violet", "vivid", "wandering", "warm", "western", "white", "wide", "wild", "windy",
	"winged", "winter", "wise", "witty", "wondrous", "wooden", "zesty",
};

static const char *const second_words[] = {
	"acorn", "alder", "almond", "alp", "anchor", "antler", "anvil", "apple", "apricot",
	"arbor", "arch", "arrow", "ash", "aspen", "aster", "atlas", "atoll", "aurora", "autumn",
	"avenue", "badger", "bamboo", "banjo", "bank", "barley", "barn", "basil", "basin", "bay",
	"beach", "beacon", "bear", "bell", "berry", "birch", "bird", "bison", "bloom", "blossom",
	"bluff", "boat", "bonfire", "book", "bough", "boulder", "branch", "breeze", "brick",
	"bridge", "brook", "bud", "buffalo", "butterfly", "cabin", "cactus", "camel", "canal",
	"candle", "canoe", "canyon", "cape", "caravan", "cardinal", "castle", "cave", "cedar",
	"cello", "chestnut", "citadel", "clarinet", "clay", "cliff", "cloud", "clover", "coast",
	"comet", "compass", "concert", "condor", "copse", "coral", "cottage", "cove", "coyote",
	"crane", "crater", "creek", "crest", "cricket", "crown", "cypress", "daffodil", "dahlia",
	"daisy", "dale", "darkness", "dawn", "deer", "delta", "desert", "dew", "diamond",
	"dolphin", "dove", "dragonfly", "dream", "drum", "duck", "dune", "dusk", "eagle",
	"earth", "echo", "eclipse", "elk", "elm", "ember", "ermine", "evening", "falcon",
	"feather", "fern", "ferry", "field", "finch", "fir", "firefly", "fish", "fjord", "flame",
	"flower", "flute", "fog", "forest", "fountain", "fox", "frog", "frost", "galaxy",
	"garden", "garnet", "gate", "gecko", "geyser", "ginger", "glacier", "glade", "glen",
	"goose", "gorge", "grain", "granite", "grape", "grass", "gravel", "grotto", "grove",
	"gull", "harbor", "hare", "harp", "harvest", "haven", "hawk", "hazel", "heath",
	"heather", "hedge", "heron", "hill", "hollow", "holly", "honey", "horizon", "horse",
	"ibis", "iceberg", "inlet", "iris", "island", "isle", "ivy", "jasmine", "jay", "jetty",
	"juniper", "kayak", "kestrel", "kettle", "kite", "koala", "lagoon", "lake", "lantern",
	"larch", "lark", "laurel", "lavender", "leaf", "ledge", "lemon", "light", "lighthouse",
	"lilac", "lily", "linden", "lion", "lodge", "loon", "lotus", "lynx", "magnolia",
	"mallow", "mango", "maple", "marble", "marigold", "marsh", "marten", "meadow", "melody",
	"mesa", "meteor", "midnight", "mill", "mint", "mist", "monsoon", "moon", "moor", "moose",
	"morning", "moss", "moth", "mountain", "myrtle", "nebula", "nectar", "nest", "night",
	"nutmeg", "oak", "oasis", "oat", "ocean", "olive", "opal", "orange", "orbit", "orchard",
	"orchid", "osprey", "otter", "owl", "oyster", "paddle", "palm", "panda", "paper",
	"parade", "park", "parrot", "pasture", "path", "peak", "pear", "pearl", "pebble",
	"pelican", "peony", "pepper", "petal", "petrel", "phoenix", "piano", "pine", "plain",
	"planet", "plateau", "plover", "plum", "pond", "poplar", "poppy", "prairie", "puddle",
	"puffin", "quail", "quarry", "quartz", "quill", "quince", "rabbit", "rain", "rainbow",
	"raven", "reed", "reef", "resonance", "ridge", "river", "road", "robin", "rock", "rose",
	"rowan", "sage", "sail", "salmon", "sand", "sapling", "satellite", "savanna", "sea",
	"seal", "seashell", "season", "seed", "sequoia", "shadow", "shell", "shore", "shrub",
	"silence", "sky", "skylark", "slope", "smoke", "snow", "snowflake", "sound", "spark",
	"sparrow", "spring", "sprout", "spruce", "squirrel", "star", "starling", "stone",
	"stork", "storm", "stream", "summer", "summit", "sun", "sunflower", "sunrise", "sunset",
	"surf", "swan", "thicket", "thistle", "thrush", "thunder", "thyme", "tide", "tiger",
	"timber", "topaz", "tower", "trail", "tree", "trout", "tulip", "tundra", "turtle",
	"twilight", "valley", "vase", "vine", "violet", "violin", "vista", "voice", "volcano",
	"voyage", "walnut", "water", "waterfall", "wave", "whale", "wheat", "willow", "wind",
	"winter", "wolf", "woodland", "wren", "yarrow", "zebra", "zenith", "zephyr",
};
/* clang-format on */

void names_pick(char ret_label[NAMES_LABEL_SIZE])
{
	snprintf(ret_label, NAMES_LABEL_SIZE, "%s-%s-%u",
		 first_words[randombytes_uniform(ARRAY_SIZE(first_words))],
		 second_words[randombytes_uniform(ARRAY_SIZE(second_words))],
		 NAMES_NUMBER_MIN + randombytes_uniform(NAMES_NUMBER_MAX - NAMES_NUMBER_MIN + 1));
}

/* What visitors, mail servers, certificate authorities and browsers take for the service's own. */
/* clang-format off */
static const char *const reserved[] = {
	"abuse", "account", "accounts", "acme", "admin", "administrator", "api", "auth",
	"autoconfig", "autodiscover", "billing", "broadcasthost", "cdn", "dns", "edge", "email",
	"ftp", "help", "hostmaster", "http", "https", "imap", "internal", "ipv4", "ipv6",
	"isatap", "ldap", "local", "localdomain", "localhost", "login", "logout", "mail",
	"metrics", "mysocket", "node", "noreply", "oauth", "official", "pay", "payment",
	"payments", "pop", "pop3", "portal", "postmaster", "proxy", "register", "relay", "root",
	"secure", "security", "service", "signin", "signup", "smtp", "socket", "ssh", "ssl",
	"sso", "staff", "static", "status", "support", "sysadmin", "system", "tls", "tunnel",
	"update", "updates", "user", "users", "vpn", "webmail", "webmaster", "wpad", "www",
};
/* clang-format on */

/* And any of these with a number behind: ns1, mx2, www3, node7. */
static const char *const reserved_numbered[] = {
	"api", "dns", "edge", "imap", "mail", "mx", "node", "ns", "pop", "smtp", "ssh", "www",
};

#define CHOSEN_MIN 3
#define CHOSEN_MAX 40
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static bool is_reserved(const char *label)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(label, reserved[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(reserved_numbered); i++) {
		size_t len = strlen(reserved_numbered[i]);

		if (strncmp(label, reserved_numbered[i], len) == 0 &&
		    strspn(label + len, DIGITS) == strlen(label + len))
			return true;
	}
	return false;
}

/* word-word-number, whatever the words: lists grow. */
static bool is_generated(const char *label)
{
	size_t first = strspn(label, LETTERS), second, number;

	if (first == 0 || label[first] != '-')
		return false;
	label += first + 1;
	second = strspn(label, LETTERS);
	if (second == 0 || label[second] != '-')
		return false;
	label += second + 1;
	number = strspn(label, DIGITS);
	return number == 4 && !label[number];
}

int names_check_chosen(const char *label, const char **ret_why)
{
	size_t len = strlen(label);

	if (len < CHOSEN_MIN || len > CHOSEN_MAX || strspn(label, LETTERS DIGITS "-") != len)
		*ret_why =
			"field 'subdomain' must be 3 to 40 lower-case letters, digits and dashes";
	else if (label[0] == '-' || label[len - 1] == '-')
		*ret_why = "field 'subdomain' must begin and end with a letter or digit";
	else if (label[2] == '-' && label[3] == '-') /* RFC 5890 2.3.1: xn-- and its kin */
		*ret_why = "field 'subdomain' must not have dashes in third and fourth place: they "
			   "mark names in other scripts";
	else if (strspn(label, DIGITS) == len)
		*ret_why =
			"field 'subdomain' must have a letter: digits alone look like an address";
	else if (is_reserved(label))
		*ret_why = "field 'subdomain' is a name that the service keeps for itself: choose "
			   "another one";
	else if (is_generated(label))
		*ret_why = "field 'subdomain' looks like a name that the service makes "
			   "(word-word-number): choose another one, or leave it out to get one";
	else
		return 0;
	return -EINVAL;
}

int names_label(const char *host, const char *domain, char ret_label[NAMES_LABEL_SIZE])
{
	size_t len = strcspn(host, "."), tail = strlen(domain);
	const char *rest = host + len + 1;
	size_t i;

	if (!len || len >= NAMES_LABEL_SIZE || host[len] != '.' ||
	    strncasecmp(rest, domain, tail) != 0 ||
	    strcmp(rest + tail + (rest[tail] == '.'), "") != 0)
		return -ENOENT;
	for (i = 0; i < len; i++)
		ret_label[i] =
			(char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] - 'A' + 'a' : host[i]);
	ret_label[len] = '\0';
	return 0;
}

const char *names_word(int list, size_t i)
{
	if (list == 0)
		return i < ARRAY_SIZE(first_words) ? first_words[i] : NULL;
	return i < ARRAY_SIZE(second_words) ? second_words[i] : NULL;
}
